/* What native programs say about themselves: imports and strings that only make sense together. */

rule binary_browser_stores
{
    meta:
        signal = "browser.read"
        target = "stored logins and their key"
        units = "binary"
        hit = "MZ Login Data os_crypt encrypted_key SELECT origin_url, username_value, password_value FROM logins"
        lookalike = "MZ Login Data is kept by the browser"
    strings:
        $logins = "Login Data" ascii wide
        $key = "encrypted_key" ascii wide
        $query = "password_value" ascii wide
        $cookies = "encrypted_value" ascii wide
        $firefox = "PK11SDR_Decrypt" ascii wide
        $json = "logins.json" ascii wide
    condition:
        2 of ($logins, $key, $query, $cookies) or ($firefox and $json)
}

rule binary_wallets
{
    meta:
        signal = "wallet.read"
        target = "wallet files and extensions"
        units = "binary"
        hit = "MZ nkbihfbeogaeaoehlefnkodbefgpgknn \\Exodus\\exodus.wallet \\Electrum\\wallets"
        lookalike = "MZ an Exodus of users to another wallet"
    strings:
        $metamask = "nkbihfbeogaeaoehlefnkodbefgpgknn" ascii wide
        $binance = "fhbohimaelbohpjbbldcngcnapndodjp" ascii wide
        $phantom = "bfnaelmomeimhlpmgjnjophhpkkoljpa" ascii wide
        $exodus = "exodus.wallet" ascii wide nocase
        $electrum = "Electrum\\wallets" ascii wide nocase
        $atomic = "atomic\\Local Storage\\leveldb" ascii wide nocase
        $coin = "wallet.dat" ascii wide nocase
    condition:
        2 of them
}

rule binary_messenger_store
{
    meta:
        signal = "messenger.read"
        target = "messenger tokens"
        units = "binary"
        hit = "MZ \\discord\\Local Storage\\leveldb \\discordcanary dQw4w9WgXcQ:"
        lookalike = "MZ join our discord"
    strings:
        $leveldb = "Local Storage\\leveldb" ascii wide nocase
        $canary = "discordcanary" ascii wide nocase
        $mark = "dQw4w9WgXcQ:" ascii wide
        $tdata = "Telegram Desktop\\tdata" ascii wide nocase
        $me = "/api/v9/users/@me" ascii wide
    condition:
        2 of them
}

rule binary_messenger_host
{
    meta:
        signal = "host.messenger"
        units = "binary"
        hit = "MZ https://api.telegram.org/bot%s/sendDocument"
        lookalike = "MZ see discord.com for help"
    strings:
        $telegram = /api\.telegram\.org\/(bot|file)/ ascii wide
        $discord = /discord(app)?\.com\/api\/(v\d{1,2}\/)?webhooks/ ascii wide
    condition:
        any of them
}

rule binary_miner
{
    meta:
        signal = "crypto.mine"
        units = "other"
        hit = "./tool -o stratum+tcp://pool.exfil.example:3333 --donate-level=1 --cpu-max-threads-hint=20"
        lookalike = "The stratum of a deployment is its layer; donate at a level you like."
    strings:
        $stratum = /stratum\+(tcp|ssl|udp):\/\// ascii wide
        $xmrig = /--(donate-level|rig-id|cpu-max-threads-hint|randomx-mode|coin=monero)\b/ ascii wide
        $pool = /\b(pool\.minexmr\.com|[a-z-]*\.nanopool\.org|supportxmr\.com|moneroocean\.stream|c3pool\.(com|org)|hashvault\.pro|2miners\.com)/ ascii wide
        $home = "xmrig.com/docs" ascii wide
    condition:
        $stratum or #xmrig >= 2 or ($pool and $xmrig) or $home
}

rule binary_inject
{
    meta:
        signal = "code.inject"
        target = "writes into another process"
        units = "binary"
        hit = "MZ VirtualAllocEx WriteProcessMemory CreateRemoteThread"
        lookalike = "MZ VirtualAlloc ReadProcessMemory CreateThread"
    strings:
        $alloc = /\b(VirtualAllocEx|NtAllocateVirtualMemory)\b/
        $write = /\b(WriteProcessMemory|NtWriteVirtualMemory)\b/
        $run = /\b(CreateRemoteThread|NtCreateThreadEx|QueueUserAPC|SetThreadContext|RtlCreateUserThread|NtUnmapViewOfSection)\b/
    condition:
        all of them
}

rule binary_keyboard
{
    meta:
        signal = "input.keyboard"
        target = "keyboard hook"
        units = "binary"
        hit = "MZ SetWindowsHookExA GetAsyncKeyState GetForegroundWindow"
        lookalike = "MZ GetKeyState GetForegroundWindow"
    strings:
        $hook = /\bSetWindowsHookEx[AW]\b/
        $keys = /\b(GetAsyncKeyState|GetKeyboardState|MapVirtualKey[AW]?)\b/
        $window = /\bGetForegroundWindow\b/
    condition:
        all of them
}

rule binary_protection
{
    meta:
        signal = "anti.av"
        units = "other"
        hit = "powershell Add-MpPreference -ExclusionPath C:\\Users"
        lookalike = "Get-MpPreference | Select ExclusionPath"
    strings:
        $exclude = /(Add|Set)-MpPreference\s+-(Exclusion|Disable)\w*/ ascii wide nocase
        $amsi = "AmsiScanBuffer" ascii wide
        $patch = /(VirtualProtect|\xb8\x57\x00\x07\x80)/
        $fields = "amsiInitFailed" ascii wide nocase
        $defender = "DisableRealtimeMonitoring" ascii wide nocase
    condition:
        $exclude or $fields or $defender or ($amsi and $patch)
}

rule binary_machine
{
    meta:
        signal = "anti.vm"
        target = "names of virtual machines and sandboxes"
        units = "binary"
        hit = "MZ VBoxService.exe vmtoolsd.exe SbieDll.dll"
        lookalike = "MZ VMware Tools are supported"
    strings:
        $box = /\bVBox(Service|Tray|Guest|Mouse)/ ascii wide nocase
        $ware = /\bvm(toolsd|waretray|wareuser|srvc)\b/ ascii wide nocase
        $sandbox = /\b(SbieDll\.dll|cuckoomon\.dll|wine_get_version|joeboxcontrol|dbghelp_sandbox)\b/ ascii wide nocase
        $tools = /\b(wireshark|procmon|ollydbg|x64dbg|processhacker|httpdebuggerui)(\.exe)?\b/ ascii wide nocase
    condition:
        3 of them
}

rule binary_run_key
{
    meta:
        signal = "persist.startup"
        target = "registry run key"
        units = "binary"
        hit = "MZ Software\\Microsoft\\Windows\\CurrentVersion\\Run RegSetValueExA"
        lookalike = "MZ Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall RegSetValueExA"
    strings:
        $key = /Software\\Microsoft\\Windows\\CurrentVersion\\Run\b/ ascii wide nocase
        $set = /\b(RegSetValueEx[AW]|RegCreateKeyEx[AW]|reg(\.exe)? add)\b/ ascii wide
    condition:
        all of them
}

rule binary_implant
{
    meta:
        signal = "pattern.known"
        target = "reflective loader or implant"
        units = "binary"
        hit = "MZ ReflectiveLoader metsrv.dll"
        lookalike = "MZ a loader that reflects on types"
    strings:
        $reflective = /\b_?ReflectiveLoader(@4)?\b/
        $meterpreter = /\b(metsrv|ext_server_stdapi)\.(x64\.|x86\.)?dll\b/
        $beacon = /\bbeacon\.(x64\.)?dll\b/
        $pipe = "\\\\.\\pipe\\msagent_"
        $sliver = "github.com/bishopfox/sliver"
        $mythic = "MythicAgents"
        $stub = { fc 48 83 e4 f0 e8 c? 00 00 00 41 51 41 50 52 51 56 48 31 d2 65 48 8b 52 60 }
        $stub32 = { fc e8 8? 00 00 00 60 89 e5 31 ?? 64 8b ?? 30 8b ?? 0c 8b ?? 14 }
    condition:
        any of them
}

rule binary_reverse_shell
{
    meta:
        signal = "proc.reverse-shell"
        target = "socket tied to a shell"
        units = "binary"
        hit = "\x7fELF inet_addr connect dup2 execve /bin/sh"
        lookalike = "\x7fELF inet_addr connect execve /usr/bin/env"
    strings:
        $connect = /\bconnect\b/
        $duplicate = /\bdup2\b/
        $exec = /\bexecv(e|p)?\b/
        $shell = /\/bin\/(ba)?sh\x00/
        $shell_text = "/bin/sh" fullword
        $address = /\binet_(addr|aton|pton)\b/
    condition:
        $connect and $duplicate and $exec and $address and ($shell or $shell_text) and filesize < 200KB
}

rule binary_downloads
{
    meta:
        signal = "net.fetch"
        target = "downloads a file"
        units = "binary"
        hit = "MZ URLDownloadToFileA http://cdn.exfil.example/a.exe"
        lookalike = "MZ InternetOpenA"
    strings:
        $direct = /\bURLDownloadToFile[AW]\b/
        $command = /(certutil(\.exe)? +-urlcache|bitsadmin(\.exe)? +\/transfer|Invoke-WebRequest|DownloadFile\(|DownloadString\(|curl(\.exe)? +-[a-zA-Z]*[oO]|wget +-[a-zA-Z]*O)/ ascii wide nocase
    condition:
        any of them
}

rule binary_powershell
{
    meta:
        signal = "proc.powershell"
        units = "binary"
        hit = "MZ powershell.exe -NoProfile -WindowStyle Hidden -EncodedCommand"
        lookalike = "MZ PowerShell is supported"
    strings:
        $a = /powershell(\.exe)?["']?( +-[A-Za-z]+( +(hidden|bypass|unrestricted|remotesigned))?)* +-(e|en|enc|encodedcommand|c|command|w|windowstyle|ep|executionpolicy)\b/ ascii wide nocase
    condition:
        $a
}

rule binary_raw_fetch
{
    meta:
        signal = "host.paste"
        units = "binary"
        hit = "MZ https://pastebin.com/raw/abcdefgh"
        lookalike = "MZ paste your text here"
    strings:
        $a = /(pastebin\.com\/raw\/|rentry\.co\/[a-z0-9]+\/raw|paste\.ee\/r\/|hastebin\.com\/raw\/|transfer\.sh\/|gofile\.io\/|api\.anonfiles\.com|file\.io\/)/ ascii wide
    condition:
        $a
}
