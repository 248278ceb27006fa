/* What protectors and obfuscators leave behind in source. */

rule packer_pyarmor
{
    meta:
        signal = "obf.packed"
        target = "PyArmor"
        units = "any"
        hit = "from pyarmor_runtime_000000 import __pyarmor__\n__pyarmor__(__name__, __file__, b'PY000000\\x00\\x03')"
        lookalike = "pip install pyarmor  # to protect your scripts"
    strings:
        $new = "__pyarmor__(__name__, __file__, b'"
        $old = "import pyarmor_runtime"
        $runtime = "_pytransform.pyd"
    condition:
        $new or $old or ($runtime and uint16(0) == 0x5a4d)
}

rule packer_marshalled
{
    meta:
        signal = "obf.packed"
        target = "marshalled code"
        units = "python"
        hit = "exec(__import__('marshal').loads(__import__('zlib').decompress(b'x')))"
        lookalike = "code = marshal.loads(handle.read())\nassert code.co_name == '<module>'"
    strings:
        $a = /exec\s*\(\s*(__import__\s*\(\s*['"](marshal|zlib|base64)['"]\s*\)|marshal)\s*\.\s*(loads|decompress|b64decode)/
        $b = /exec\s*\(\s*\(?_+\)?\s*\(\s*b?['"]/
        $c = /__import__\s*\(\s*['"](zlib|base64|marshal|lzma|bz2|gzip)['"]\s*\)\s*\.[a-z0-9]+\s*\(\s*__import__\s*\(\s*['"](base64|zlib|marshal)/
    condition:
        any of them
}

rule packer_hyperion
{
    meta:
        signal = "obf.packed"
        target = "class with renamed builtins"
        units = "python"
        hit = "globals()['__OOO'], globals()['__OO0'] = eval, exec\nexec(\"\".join(chr(i) for i in []))\n__obfuscator__ = 'x'"
        lookalike = "globals()['name'] = eval(text)"
    strings:
        $mark = /__(obfuscator|authors?_of_obfuscat\w*)__\s*=|#\s*(obfuscated|protected|encoded) (by|with|using) /i
        $exec = "exec("
    condition:
        $mark and $exec
}

rule packer_javascript_eval
{
    meta:
        signal = "obf.packed"
        target = "eval packer"
        units = "javascript"
        hit = "eval(function(p,a,c,k,e,d){return p}('0 1',2,2,'a|b'.split('|'),0,{}))"
        lookalike = "const packed = (p, a, c, k, e, d) => p;"
    strings:
        $a = /eval\s*\(\s*function\s*\(\s*p\s*,\s*a\s*,\s*c\s*,\s*k\s*,\s*e\s*,\s*[dr]\s*\)/
        $aa = "\xef\xbe\x9f\xcf\x89\xef\xbe\x9f\xef\xbe\x89= /"
        $jj = /\$=~\[\];\$=\{___:\+\+\$/
        $sojson = "sojson.v"
        $jsjiami = "jsjiami.com.v"
    condition:
        any of them
}

rule packer_jsfuck
{
    meta:
        signal = "obf.packed"
        target = "JSFuck"
        units = "javascript"
        hit = "[][(![]+[])[+[]]+(![]+[])[!+[]+!+[]]+(![]+[])[+!+[]]+(!![]+[])[+[]]][([][(![]+[])[+[]]+(![]+[])[!+[]+!+[]]]+[])[!+[]+!+[]+!+[]]]()"
        lookalike = "const empty = [][0] || !![];"
    strings:
        $false = "(![]+[])[+[]]"
        $true = "(!![]+[])[+[]]"
        $number = "[!+[]+!+[]]"
    condition:
        2 of them and #number + #true + #false > 3
}
