"""The way to the provider: proxies as configured and no others, certificates, keep-alive comments."""

from __future__ import annotations

import pytest

from journeyman.domain.model import ModelError
from journeyman.models.registry import make_model
from tests.support.http_stub import HttpStub, Pause, Reply
from tests.support.models import HASTY, OPENAI, ask

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"


def test_a_proxy_of_the_given_environment():
    with HttpStub([OPENAI.answer()]) as stub:
        environ = {
            "OPENAI_BASE_URL": "http://models.example.com/v1",
            "OPENAI_API_KEY": "k",
            "HTTP_PROXY": stub.url,
        }
        assert ask(make_model("openai:x", environ, policy=HASTY)).text == "hello"
        assert stub.seen[0].path == "http://models.example.com/v1/chat/completions"


def test_no_proxy_of_the_process(monkeypatch: pytest.MonkeyPatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent")
    with HttpStub([OPENAI.answer()]) as stub:
        assert ask(OPENAI.client(stub)).text == "hello"


@pytest.mark.parametrize(
    ("ca_file", "tries", "said"),
    [
        ("/nonexistent.pem", 0, "the certificates in /nonexistent.pem cannot be read"),
        ("", 4, "no connection to"),
    ],
)
def test_tls_that_fails(ca_file: str, tries: int, said: str):
    with HttpStub([OPENAI.answer()]) as stub:
        environ = {"OPENAI_BASE_URL": stub.url.replace("http:", "https:"), "SSL_CERT_FILE": ca_file}
        with pytest.raises(ModelError, match=said) as raised:
            ask(make_model("openai:x", environ, policy=HASTY))
        assert stub.connections == tries
    assert raised.value.code == "model-unreachable"


def test_comments_alone_are_no_answer():
    comments = [step for _ in range(40) for step in (b": PROCESSING\n\n", Pause(0.05))]
    late = Reply((HEAD, *comments, OPENAI.events("too late", "stop")), close=True)
    with HttpStub([late, OPENAI.answer()]) as stub:
        answer = ask(OPENAI.client(stub, first_byte_s=0.3))
    assert (answer.text, answer.retries) == ("hello", 1)


def test_comments_before_an_answer_are_borne():
    early = Reply((HEAD, b": PROCESSING\n\n", Pause(0.05), OPENAI.events("hello", "stop")), close=True)
    with HttpStub([early]) as stub:
        answer = ask(OPENAI.client(stub))
    assert (answer.text, answer.retries) == ("hello", 0)
