-- Events for wrk: arguments are the API key, a file with one event a line, and how many of its lines to pass over.
local events, at = {}, 0

function init(args)
  wrk.headers["Authorization"] = "Bearer " .. args[1]
  wrk.headers["Content-Type"] = "application/json"
  local over = tonumber(args[3])
  for line in io.lines(args[2]) do
    if over > 0 then
      over = over - 1
    else
      events[#events + 1] = line
    end
  end
end

function request()
  at = at + 1
  return wrk.format("POST", "/v1/decisions", nil, events[at])
end
