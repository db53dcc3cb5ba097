-- Distinct card payments for wrk: arguments are the API key and the name of the run.
local count, thread_number = 0, 0

function setup(thread)
  thread:set("number", thread_number)
  thread_number = thread_number + 1
end

function init(args)
  run = args[2] .. "-" .. number .. "-"
  wrk.headers["Authorization"] = "Bearer " .. args[1]
  wrk.headers["Content-Type"] = "application/json"
end

local form = '{"event_id":"%s%d","type":"payment.card","event_time":"%s","customer":"c%d","card":"6222020%09d",'
  .. '"merchant":"m%d","device":"d%d","ip":"192.0.%d.%d","amount":%d,"currency":"CNY"}'

function request()
  count = count + 1
  local customer = (count * 7919) % 20011
  local body = form:format(run, count, os.date("!%Y-%m-%dT%H:%M:%S.000Z"), customer, customer, (count * 31) % 5003,
    customer, math.floor(customer / 250) % 250, customer % 250, 1000 + (count * 37) % 90000)
  return wrk.format("POST", "/v1/decisions", nil, body)
end
