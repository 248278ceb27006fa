/* Secrets and tokens that stand in a file. A signal only: benign packages carry test keys. */

rule webhook_discord
{
    meta:
        signal = "secret.embedded"
        units = "any"
        hit = "requests.post('https://discord.com/api/webhooks/1234567890123456789/abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-xyz', json={})"
        lookalike = "Create a web-hook at https://discord.com/api/webhooks/ and put its address into the settings."
    strings:
        $a = /discord(app)?\.com\/api(\/v\d{1,2})?\/webhooks\/\d{17,20}\/[A-Za-z0-9_-]{30,90}/ ascii wide
    condition:
        $a
}

rule webhook_slack
{
    meta:
        signal = "secret.embedded"
        units = "any"
        hit = "curl -d @- https://hooks.slack.com/services/T0ABCDEF1/B0ABCDEF1/abcdefghijklmnopqrstuvwx"
        lookalike = "https://hooks.slack.com/services/<team>/<channel>/<token>"
    strings:
        $a = /hooks\.slack\.com\/services\/T[A-Z0-9]{8,12}\/B[A-Z0-9]{8,12}\/[A-Za-z0-9]{20,28}/ ascii wide
    condition:
        $a
}

rule bot_telegram
{
    meta:
        signal = "secret.embedded"
        units = "any"
        hit = "https://api.telegram.org/bot1234567890:AAabcdefghijklmnopqrstuvwxyz0123456/sendMessage"
        lookalike = "TOKEN = '1234567890:YOUR-TOKEN-FROM-BOTFATHER'"
    strings:
        $a = /:AA[A-Za-z0-9_-]{31,35}\b/
    condition:
        for any i in (1..#a) : (
            uint8(@a[i] - 1) >= 0x30 and uint8(@a[i] - 1) <= 0x39 and uint8(@a[i] - 8) >= 0x30 and uint8(@a[i] - 8) <= 0x39
        )
}

rule token_registry
{
    meta:
        signal = "secret.embedded"
        units = "any"
        hit = "//registry.example/:_authToken=npm_abcdefghijklmnopqrstuvwxyz0123456789"
        lookalike = "//registry.example/:_authToken=${NPM_TOKEN}"
    strings:
        $npm = /\bnpm_[A-Za-z0-9]{36}\b/
        $pypi = /pypi-AgE[A-Za-z0-9_-]{60,}/
    condition:
        any of them
}

rule token_code_host
{
    meta:
        signal = "secret.embedded"
        units = "any"
        hit = "git clone https://ghp_abcdefghijklmnopqrstuvwxyz0123456789@code.example/x"
        lookalike = "GITHUB_TOKEN=ghp_your_token_here"
    strings:
        $classic = /\bgh[pousr]_[A-Za-z0-9]{36,40}\b/
        $fine = /\bgithub_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}\b/
        $gitlab = /\bglpat-[A-Za-z0-9_-]{20}\b/
    condition:
        any of them
}

rule key_cloud
{
    meta:
        signal = "secret.embedded"
        units = "any"
        hit = "AWS_ACCESS_KEY_ID=AKIAABCDEFGHIJKLMNOP\nAWS_SECRET_ACCESS_KEY=abcdefghijklmnopqrstuvwxyz0123456789ABCD"
        lookalike = "The key AKIAIOSFODNN7EXAMPLE stands in every manual."
    strings:
        $aws = /\bA(KIA|SIA)[A-Z2-7]{16}\b/
        $pair = /(secret|SECRET|Secret)[A-Za-z_"' ]{0,24}[:=]\s*["']?[A-Za-z0-9\/+]{40}\b/
        $manual = "IOSFODNN7EXAMPLE"
    condition:
        $aws and $pair and not $manual
}

rule key_private
{
    meta:
        signal = "secret.embedded"
        target = "a private key"
        units = "any"
        hit = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ\n"
        lookalike = "if text.startswith('-----BEGIN PRIVATE KEY-----'):"
    strings:
        $a = / PRIVATE KEY-----(\r?\n|\\n)[A-Za-z0-9+\/]{32}/
        $head = "-----BEGIN "
    condition:
        all of them
}

rule token_messenger
{
    meta:
        signal = "secret.embedded"
        units = "any"
        hit = "SLACK = 'xoxb-123456789012-123456789012-abcdefghijklmnopqrstuvwx'"
        lookalike = "SLACK = 'xoxb-your-token'"
    strings:
        $a = /\bxox[baprs]-\d{9,13}-\d{9,13}-[A-Za-z0-9-]{20,40}\b/
    condition:
        $a
}

rule key_service
{
    meta:
        signal = "secret.embedded"
        units = "any"
        hit = "stripe.api_key = 'sk_live_abcdefghijklmnopqrstuvwx'"
        lookalike = "stripe.api_key = 'sk_test_abcdefghijklmnopqrstuvwx'"
    strings:
        $stripe = /\b[sr]k_live_[A-Za-z0-9]{24,99}\b/
        $mail = /\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}\b/
        $model = /\bsk-(ant-api03|proj)-[A-Za-z0-9_-]{40,}/
    condition:
        any of them
}
