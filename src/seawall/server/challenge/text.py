"""What the challenged person reads, in both languages: what it is about, and never to give a code away."""

from __future__ import annotations

from collections.abc import Mapping

from seawall.engine.pack.challenges import CODE, TOTP

_ABOUT = {"zh": "您正在进行的操作:{about}。", "en": "You are about to: {about}. "}
_CODE = {
    "zh": "验证码 {code},{minutes}分钟内有效。",
    "en": "Your code is {code}, good for {minutes} min. ",
}
_SENT = {
    "zh": "验证码已发送至{to},{minutes}分钟内有效。",
    "en": "A code was sent to {to}, good for {minutes} min. ",
}
_TOTP = {"zh": "请输入身份验证器中的6位动态码。", "en": "Enter the 6 digits that your authenticator shows. "}
_FACE = {"zh": "请按提示完成人脸识别。", "en": "Follow the steps to have your face matched. "}
_NEVER = {
    "zh": "如非本人操作,请勿将验证码告知任何人,包括自称客服或公检法的人员。",
    "en": "If you did not do this, do not give the code to anybody, whoever they say they are.",
}
_NEVER_FACE = {
    "zh": "如非本人操作,请勿继续,也不要按他人指示开启屏幕共享。",
    "en": "If you did not do this, stop here, and share your screen with nobody.",
}
SUBJECT = {"zh": "身份验证码", "en": "Your verification code"}


def screen_text(kind: str, about: Mapping[str, str], to: str, minutes: int, tip: Mapping[str, str]) -> dict[str, str]:
    """What the platform shows, {zh, en}; it holds no code."""
    ask = {CODE: _SENT, TOTP: _TOTP}.get(kind, _FACE)
    never = _NEVER if kind in (CODE, TOTP) else _NEVER_FACE
    return {
        language: _joined(language, about, ask[language].format(to=to, minutes=minutes), never[language], tip)
        for language in ("zh", "en")
    }


def message_text(language: str, about: Mapping[str, str], code: str, minutes: int, tip: Mapping[str, str]) -> str:
    """What is sent with the code."""
    return _joined(language, about, _CODE[language].format(code=code, minutes=minutes), _NEVER[language], tip)


def _joined(language: str, about: Mapping[str, str], ask: str, never: str, tip: Mapping[str, str]) -> str:
    what = _ABOUT[language].format(about=about[language]) if about[language] else ""
    more = (" " if language == "en" else "") + tip[language] if tip else ""
    return what + ask + never + more


NOTICES = {
    "sandbox": {
        "zh": "沙箱:不会发送给任何人,内容见 HOME/sandbox/messages.jsonl",
        "en": "sandbox: nothing reaches a person; see HOME/sandbox/messages.jsonl",
    },
    "face_match http": {
        "zh": "人脸识别接口未与真实厂商对接测试",
        "en": "the face match interface is untested against a real vendor",
    },
}


def notice_of(kind: str, provider: str, language: str) -> str:
    """What must be said of a provider; "" for nothing."""
    found = NOTICES.get(provider) or NOTICES.get(f"{kind} {provider}")
    return found[language] if found else ""
