"""A site that shows each piece of the kit once: for looking at, and for the browser tests. No app, no database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from types import SimpleNamespace

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import include, path, reverse
from django.utils import timezone, translation
from django.utils.html import format_html

from seawall.console import charts, errors, links, navigation, search, urls
from seawall.console.filters import Choice, Numbers, Search, Times
from seawall.console.forms import PurposeForm, ReasonForm
from seawall.console.pages import (
    Action,
    Crumb,
    Empty,
    Fact,
    Facts,
    ListPage,
    Moment,
    Record,
    View,
    changed_meanwhile,
    dialog,
    go,
    respond_record,
    selected,
    toast,
)
from seawall.console.tables import Column, RowAction, Table
from seawall.console.waterfall import Step
from seawall.console.words import OUTCOMES, SEVERITIES, Word, words

POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)
STATES = words(
    Word("open", "待处理", "circle", "info"),
    Word("working", "调查中", "half", "notice"),
    Word("closed", "已关闭", "check-circle", "good"),
)


def say(zh: str, en: str) -> str:
    """Sample content in the page's language; the kit's own texts come from the catalogs."""
    return zh if translation.get_language() == "zh-hans" else en


class Analyst:
    """Signs in somebody who may do everything, and sends the policy under which the kit must work."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "anonymous" not in request.GET:
            request.user = SimpleNamespace(
                is_authenticated=True, display_name="林晓", has_perm=lambda permission: permission != "forbidden"
            )
        response = self.get_response(request)
        response.headers["Content-Security-Policy"] = POLICY
        return response


@dataclass(frozen=True)
class Decision:
    id: str
    at: datetime
    outcome: str
    severity: str
    score: int
    customer: str
    minor: int
    currency: str
    rules: list[str]
    owner: str


def decisions(count: int = 240) -> list[Decision]:
    random, now = Random(7), timezone.now()
    made = []
    for number in range(count):
        score = random.choice([0, 0, 0, 12, 30, 45, 60, 75, 95])
        outcome = next(
            one for at, one in ((90, "decline"), (60, "review"), (30, "challenge"), (0, "approve")) if score >= at
        )
        made.append(
            Decision(
                f"019aab00-0000-7000-8000-{number:012d}",
                now - timedelta(minutes=37 * number),
                outcome,
                list(SEVERITIES)[min(score // 25, 3)],
                score,
                f"c{random.randrange(10_000, 99_999)}",
                random.randrange(100, 90_000_000),
                random.choice(["CNY", "CNY", "USD", "JPY", "KWD"]),
                random.sample(["velocity", "new_device", "amount_over_history"], random.randrange(3)),
                random.choice(["", "王敏", "Li Wei"]),
            )
        )
    return made


def decision_list() -> ListPage:
    return ListPage(
        name="decisions",
        title=say("决策", "Decisions"),
        purpose=say("平台给出的每一个答复,最新的在前。", "Every answer the platform gave, newest first."),
        table=Table(
            columns=(
                Column("id", "ID", "text", value=lambda d: f"D-{d.id[-4:]}", primary=True),
                Column("at", say("时间", "Time"), "when", sort="at"),
                Column("outcome", say("结果", "Outcome"), "outcome"),
                Column("score", say("风险分", "Score"), "score", sort="score"),
                Column("customer", say("客户", "Customer"), "entity", value=lambda d: ("customer", d.customer)),
                Column("amount", say("金额", "Amount"), "money", value=lambda d: (d.minor, d.currency)),
                Column("rules", say("命中规则", "Rules"), "tags"),
                Column("severity", say("级别", "Severity"), "severity", shown=False),
                Column("owner", say("处理人", "Owner"), "person", shown=False),
            ),
            sort="-at",
            url=lambda d: reverse("record"),
            key=lambda d: d.id,
            actions=lambda d: [
                RowAction(say("分派给我", "Assign to me"), reverse("toast"), "user", post=True),
                RowAction(say("打开", "Open"), reverse("record"), "external"),
            ],
            size=20,
        ),
        filters=(
            Search(fields=("customer",), hint=say("决策号、客户、规则", "Decision, customer, rule")),
            Choice(
                "outcome",
                say("结果", "Outcome"),
                "outcome",
                OUTCOMES,
                counts=lambda _: {"approve": "10,000+", "challenge": "1,204", "review": "318", "decline": "57"},
            ),
            Choice("severity", say("级别", "Severity"), "severity", SEVERITIES, counts=False),
            Times("at", say("时间", "Time"), "at"),
            Numbers("amount", say("金额", "Amount"), "minor", currency="CNY"),
        ),
        views=(
            View("all", say("全部", "All")),
            View("review", say("待审核", "To review"), "outcome=review"),
            View("large", say("大额拒绝", "Large declines"), "outcome=decline&amount_min=50000"),
        ),
        bulk=(
            Action(say("分派给我", "Assign to me"), reverse("bulk"), "user", post=True, key="a"),
            Action(
                say("关闭", "Close"),
                reverse("bulk"),
                "check",
                post=True,
                reason=True,
                danger=True,
                confirm=say(
                    "选中的预警将被关闭,标签写入决策流水。",
                    "The chosen alerts will be closed; labels go to the journal.",
                ),
            ),
        ),
        actions=(Action(say("新建规则", "New rule"), reverse("form"), "plus"),),
        empty=Empty(
            say("还没有决策", "No decisions yet"),
            say(
                "平台发来第一笔事件后,决策会出现在这里。",
                "Decisions appear here once the platform sends its first event.",
            ),
            Action(say("如何接入", "How to connect"), "/", "book"),
        ),
    )


def index(request: HttpRequest) -> HttpResponseBase:
    return decision_list().respond(request, decisions(), exported=lambda form: None)


def nothing(request: HttpRequest) -> HttpResponseBase:
    return replace(decision_list(), filters=()).respond(request, [])


def record(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    sides = [
        Facts(
            say("事实", "Facts"),
            [
                Fact(say("策略", "Policy"), "card_payments@14"),
                Fact(say("客户", "Customer"), ("customer", "c48213"), "entity"),
                Fact(say("金额", "Amount"), (500_000, "CNY"), "money"),
                Fact(say("发生时间", "Happened"), now - timedelta(hours=2), "when"),
                Fact(say("原因码", "Reason codes"), ["AMOUNT_UNUSUAL", "NEW_DEVICE"], "tags"),
                Fact(
                    say("内容哈希", "Content hash"),
                    "b94d6a77a56fe24f9b5f54ea2cdef5d9edb40ede2931b0b884697ab4456a387c",
                    "id",
                ),
                Fact(say("已降级", "Degraded"), False, "flag"),
            ],
        ),
        Facts(
            say("关联", "Linked"),
            [
                Fact(say("设备", "Device"), ("device", "d-77120"), "entity"),
                Fact(say("商户", "Merchant"), ("merchant", "m-9"), "entity"),
                Fact(say("历史拒绝率", "Decline rate"), 0.034, "percent"),
            ],
        ),
    ]
    timeline = [
        Moment(
            now - timedelta(minutes=3),
            say("添加备注", "Note added"),
            say("客户电话确认为本人操作,等待回执。", "Customer confirmed by phone; waiting for the receipt."),
            by="王敏",
            icon="note",
        ),
        Moment(
            now - timedelta(minutes=42),
            say("分派给王敏", "Assigned to Wang Min"),
            by="Li Wei",
            icon="user",
            ledger=18_204,
        ),
        Moment(
            now - timedelta(hours=2),
            say("由决策生成预警", "Alert raised by a decision"),
            icon="bell",
            tone="serious",
            ledger=18_102,
            url=reverse("index"),
        ),
    ]
    one = Record(
        title=say("新设备上的异常大额", "Unusually large amount on a new device"),
        id="019aab00-0000-7000-8000-000000000003",
        kind="D-0003",
        status=STATES["working"],
        severity="high",
        outcome="review",
        owner="王敏",
        due=now + timedelta(minutes=47),
        started=now - timedelta(hours=3),
        actions=[
            Action(say("提交处置结论", "Submit disposition"), reverse("reason"), "check", dialog=True, key="d"),
            Action(say("分派给我", "Assign to me"), reverse("toast"), "user", post=True, key="a"),
        ],
        more=[
            Action(say("查看明文", "Reveal"), reverse("reveal"), "eye", dialog=True),
            Action(say("他人已修改", "Changed by another"), reverse("conflict"), "copy", dialog=True),
            Action(
                say("删除", "Delete"),
                reverse("bulk"),
                "trash",
                post=True,
                danger=True,
                typed="D-0003",
                confirm=say("此预警及其备注将被删除。", "The alert and its notes will be deleted."),
            ),
        ],
        crumbs=[Crumb(say("决策", "Decisions"), reverse("index"))],
        sides=sides,
        timeline=timeline,
    )
    steps = [
        Step(
            say("金额远高于本人历史", "Amount far above own history"),
            45,
            say("本笔 5,000.00 元,30 天笔均 250.00 元", "This payment 5,000.00, mean of 30 days 250.00"),
            [("base_amount", "500,000"), ("customer_mean_30d", "25,000")],
            url=reverse("index"),
        ),
        Step(
            say("新设备大额或关注商户", "Large amount on a new device"),
            30,
            "",
            [("customer_device_count_90d", "0")],
            tone="notice",
        ),
        Step(say("白名单", "Trusted customer"), -10, tone="good"),
    ]
    context = {
        "steps": steps,
        "thresholds": [
            (30, OUTCOMES["challenge"].title),
            (60, OUTCOMES["review"].title),
            (90, OUTCOMES["decline"].title),
        ],
        "sparks": [
            (say("10 分钟笔数", "Payments in 10 min"), [1, 0, 2, 1, 1, 0, 3, 6], 0.4),
            ("24 h", [3, 5, 4, 4, 6, 5, 9, 8], None),
        ],
        "lifecycle": [
            ("draft", "done"),
            ("tested", "done"),
            ("backtested", "done"),
            ("in review", "now"),
            ("shadow", ""),
            ("champion", ""),
        ],
    }
    return respond_record(request, "gallery/record.html", one, **context)


def room(request: HttpRequest) -> HttpResponse:
    random, now = Random(3), timezone.now().replace(minute=0, second=0, microsecond=0)
    hours = [now - timedelta(hours=back) for back in range(47, -1, -1)]
    sizes = {"approve": 9000, "challenge": 700, "review": 420, "decline": 260}
    titles = {key: one.title for key, one in OUTCOMES.items()}
    points = [(at, key, round(size * random.uniform(0.6, 1.3))) for key, size in sizes.items() for at in hours]
    cells = [[round(40 * random.random() * (1 + (8 < hour < 23))) for hour in range(24)] for _ in range(7)]
    days = say("一 二 三 四 五 六 日", "Mon Tue Wed Thu Fri Sat Sun").split()
    nodes = [
        charts.Node(
            f"n{n}",
            f"c{100 + n}" if n % 3 else f"d{n}",
            say("客户", "Customer") if n % 3 else say("设备", "Device"),
            weight=1 + n % 4,
        )
        for n in range(14)
    ]
    edges = [charts.Link(f"n{random.randrange(14)}", f"n{n}", random.randrange(1, 9)) for n in range(14)]
    flow = [
        charts.Link("a", "m", 40),
        charts.Link("b", "m", 25),
        charts.Link("m", "x", 50),
        charts.Link("m", "y", 15),
        charts.Link("a", "y", 12),
    ]
    stages = [
        charts.Node(key, name)
        for key, name in {"a": "acct 6217…", "b": "acct 6230…", "m": "mule 01", "x": "exchange", "y": "ATM"}.items()
    ]
    context = {
        "title": say("态势总览", "Situation room"),
        "charts": [
            charts.over_time(
                say("拒绝在 14 时翻倍", "Declines doubled at 14:00"),
                points,
                say("笔/小时", "per hour"),
                area=True,
                titles=titles,
                links={key: f"/?outcome={key}" for key in sizes},
            ),
            charts.over_time(
                say("积压低于时限", "Backlog stays under its limit"),
                [(at, "p95", random.uniform(20, 42)) for at in hours],
                say("毫秒", "ms"),
                threshold=50,
            ),
            charts.bars(
                say("哪些规则在起作用", "Which rules fire"),
                [(f"rule_{n}", 9000 // (n + 1), f"/?rule={n}") for n in range(6)],
                say("笔", "decisions"),
            ),
            charts.heat_map(
                say("攻击集中在夜间", "Attacks come at night"),
                [f"{h:02d}" for h in range(24)],
                days,
                cells,
                say("笔", "count"),
            ),
            charts.distribution(
                say("分数与阈值", "Scores and thresholds"),
                [(at, at + 5, 4000 / (1 + at / 4)) for at in range(0, 100, 5)],
                say("风险分", "score"),
                say("笔", "count"),
                [(30, say("挑战", "challenge")), (60, say("审核", "review"))],
            ),
            charts.target(say("时限内结案", "Closed within SLA"), 0.91, 0.95, 1.0, say("占比", "share")),
            charts.graph(say("共用设备的客户", "Customers sharing devices"), nodes, edges, height=300),
            charts.sankey(say("资金去向", "Where the money went"), stages, flow, say("万元", "CNY 10k"), height=260),
        ],
        "image": charts.bars("SVG", [("a", 3), ("b", 5)], "n"),
    }
    return render(request, "gallery/room.html", context)


class SampleForm(forms.Form):
    name = forms.CharField(
        label="名称 Name", help_text="字母、数字和下划线 Letters, digits, underscores", max_length=40
    )
    severity = forms.ChoiceField(label="级别 Severity", choices=[(key, word.title) for key, word in SEVERITIES.items()])
    share = forms.DecimalField(label="流量 Share", min_value=0, max_value=1)
    note = forms.CharField(label="说明 Note", widget=forms.Textarea(attrs={"rows": 3}), required=False)
    mode = forms.ChoiceField(
        label="方式 Mode", choices=[("shadow", "影子 Shadow"), ("live", "生效 Live")], widget=forms.RadioSelect
    )
    sure = forms.BooleanField(label="我已核对 I have checked")


def form(request: HttpRequest) -> HttpResponse:
    sample = SampleForm(request.POST or None)
    messages.info(request, say("草稿已保存", "Draft saved"))
    return render(request, "gallery/form.html", {"title": say("新建规则", "New rule"), "form": sample})


def workbench(request: HttpRequest) -> HttpResponse:
    return render(
        request, "gallery/workbench.html", {"title": say("案件工作台", "Case workbench"), "rows": decisions(12)}
    )


def bulk(request: HttpRequest) -> HttpResponse:
    return go(request, reverse("index"), f"{len(selected(request))} · {request.POST.get('reason', '')}")


def reason(request: HttpRequest) -> HttpResponse:
    asked = ReasonForm(request.POST or None)
    if request.method == "POST" and asked.is_valid():
        return go(request, reverse("record"), say("已提交复核", "Sent for four-eyes review"))
    return dialog(
        request,
        say("提交处置结论", "Submit disposition"),
        asked,
        reverse("reason"),
        status=422 if request.POST else 200,
    )


def reveal(request: HttpRequest) -> HttpResponse:
    asked = PurposeForm(request.POST or None, purposes=[("fraud", "反欺诈调查 Fraud investigation")])
    return dialog(request, say("查看明文", "Reveal"), asked, reverse("reveal"))


def conflict(request: HttpRequest) -> HttpResponse:
    return changed_meanwhile(request, [("owner", "林晓", "王敏")], "王敏", reverse("record"))


def toasted(request: HttpRequest) -> HttpResponse:
    return (
        toast(request, say("已分派", "Assigned"), refresh=["assigned"])
        if request.headers.get("HX-Request")
        else go(request, reverse("index"), say("已分派", "Assigned"))
    )


def fragment(request: HttpRequest) -> HttpResponse:
    return HttpResponse(format_html("<p>{}</p>", datetime.now(UTC).isoformat()))


def failing(request: HttpRequest, status: int) -> HttpResponse:
    if status == 500:
        raise RuntimeError("on purpose")
    if status == 403:
        raise PermissionDenied("缺少权限 cases.close")
    return errors.refused(request, status)


def plain(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    return view


handler400 = "seawall.console.errors.bad_request"
handler403 = "seawall.console.errors.permission_denied"
handler404 = "seawall.console.errors.page_not_found"
handler500 = "seawall.console.errors.server_error"
urlpatterns = [
    path("", index, name="index"),
    path("nothing", nothing, name="nothing"),
    path("record", record, name="record"),
    path("room", room, name="room"),
    path("form", form, name="form"),
    path("workbench", workbench, name="workbench"),
    path("bulk", bulk, name="bulk"),
    path("reason", reason, name="reason"),
    path("reveal", reveal, name="reveal"),
    path("conflict", conflict, name="conflict"),
    path("toast", toasted, name="toast"),
    path("fragment", fragment, name="fragment"),
    path("fails/<int:status>", failing, name="failing"),
    path("", include((urls.patterns(plain, plain), "console"))),
]


def register() -> None:
    """Fill the rail as the apps would; called by the gallery's server and by tests, which put the registries back."""
    item = navigation.Item
    navigation.register(
        "now",
        item("gallery-room", "态势总览 Room", "room", "x.view", "gauge", keys="r", rank=1),
        item("gallery-work", "我的工作 My work", "workbench", "x.view", "inbox", keys="w", badge=lambda _: 12),
        item("gallery-approvals", "审批 Approvals", "nothing", "x.view", "approve", badge=lambda _: 140),
    )
    navigation.register(
        "decide",
        item("gallery-decisions", "决策 Decisions", "index", "x.view", "bolt", keys="d", covers=("record",)),
        item("gallery-policies", "策略 Policies", "form", "x.view", "shield"),
        item("gallery-forbidden", "隐藏 Hidden", "form", "forbidden", "lock"),
    )
    links.register("entity", lambda key: f"/?entity={key}")

    @search.provider("gallery-entities", "实体 Entities", "x.view")
    def entities(request: HttpRequest, query: str) -> list[search.Hit]:
        return [search.Hit(f"c{query}", "/record", "客户 Customer", "user")] if query.isdigit() else []
