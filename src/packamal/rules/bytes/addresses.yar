/* Cryptocurrency addresses. Weak by themselves: a wallet library holds hundreds of them. */

rule address_monero
{
    meta:
        signal = "crypto.address"
        units = "any"
        hit = "-u 4AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA -p x --donate-level 1"
        lookalike = "4AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    strings:
        $option = /(-u|--user|--wallet)[ =]["']?[48][0-9AB][1-9A-HJ-NP-Za-km-z]{93}\b/
        $field = /(wallet|user|address|XMR|xmr)["']?\s{0,4}[:=]\s{0,4}["'][48][0-9AB][1-9A-HJ-NP-Za-km-z]{93}\b/
    condition:
        any of them
}

rule address_bitcoin
{
    meta:
        signal = "crypto.address"
        units = "any"
        hit = "BTC = 'bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq'"
        lookalike = "the prefix bc1 marks a segwit address"
    strings:
        $a = /\bbc1[ac-hj-np-z02-9]{38,59}\b/
    condition:
        $a
}

rule address_ethereum
{
    meta:
        signal = "crypto.address"
        units = "code"
        hit = "wallet = '0x52908400098527886E0F7030069857D2E4169EE7'  # ethereum"
        lookalike = "digest = '0x52908400098527886e0f7030069857d2e4169ee752908400098527886e0f7030'"
    strings:
        $a = /["'`]0x[0-9a-fA-F]{40}["'`]/
        $near = /(ethereum|wallet|metamask|web3)/ nocase
    condition:
        $a and $near
}

rule clipboard_replacer
{
    meta:
        signal = "crypto.replace"
        target = "address patterns beside the clipboard"
        units = "any"
        hit = "pattern = '^(bc1|[13][a-km-z])[a-zA-HJ-NP-Z0-9]{25,39}$'\nif re.match(pattern, pyperclip.paste()): pyperclip.copy(mine)"
        lookalike = "if re.match('^[a-z]+$', pyperclip.paste()): pyperclip.copy('x')"
    strings:
        $bitcoin = "[13]["
        $segwit = "bc1|"
        $segwit_too = "bc1)"
        $ether = "0x[a-f"
        $monero = "[48][0-9AB]"
        $monero_too = "4[0-9AB]"
        $clipboard = /(pyperclip|OpenClipboard|GetClipboardData|clipboardy|Get-Clipboard|navigator\.clipboard|clipboard\.(paste|read))/
    condition:
        $clipboard and any of ($bitcoin, $segwit, $segwit_too, $ether, $monero, $monero_too)
}
