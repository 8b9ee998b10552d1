/*
    Picket's starter rules: web shells, obfuscated PHP, crypto miners, reverse shells.

    Written to stay quiet on ordinary files: a rule names what only an intruder's file does, such
    as running what the request sends, never a function that applications use too. What they do
    not know they do not find; add rules of your own beside them.
*/

private rule php
{
    strings:
        $tag = /<\?(php|=|\s)/ nocase
    condition:
        $tag
}

private rule server_page
{
    strings:
        $tag = "<%"
        $jspx = "<jsp:" nocase
        $script = /<script[^>]{1,60}runat\s*=\s*["']?server/ nocase
    condition:
        any of them
}

private rule program
{
    condition:
        uint32(0) == 0x464c457f or uint16(0) == 0x5a4d
}

// ---- PHP web shells ----

rule php_shell_evaluates_request
{
    meta:
        description = "PHP that evaluates what the request sends as code"
    strings:
        $direct = /\b(eval|assert|create_function)\s*\(\s*(["'][^"'\n]{0,20}["']\s*[.,]\s*)?(@?\s*(base64_decode|gzinflate|gzuncompress|str_rot13|strrev|hex2bin|urldecode|rawurldecode|stripslashes|trim|htmlspecialchars_decode)\s*\(\s*){0,4}@?\$_(GET|POST|REQUEST|COOKIE|SERVER)\b/ nocase
        $body = /\b(eval|assert)\s*\(\s*(["']\?>["']\s*\.\s*)?(@?\s*(base64_decode|gzinflate|str_rot13|strrev|hex2bin)\s*\(\s*){0,4}@?file_get_contents\s*\(\s*["']php:\/\/input/ nocase
        $regular = /\bpreg_replace\s*\(\s*["'](.)[^"'\n]{0,60}[\/#~@|!][imsxuADSUX]{0,6}e[imsxuADSUX]{0,6}["']\s*,\s*@?\$_(GET|POST|REQUEST|COOKIE)\b/ nocase
        $included = /\b(include|require)(_once)?\s*\(?\s*["'](php:\/\/input|data:[^"'\n]{0,40}base64,)/ nocase
    condition:
        php and any of them
}

rule php_shell_runs_request
{
    meta:
        description = "PHP that runs what the request sends as a command"
    strings:
        $call = /\b(system|shell_exec|passthru|exec|popen|proc_open|pcntl_exec)\s*\(\s*(["'][^"'\n]{0,30}["']\s*\.\s*)?(@?\s*(base64_decode|str_rot13|strrev|hex2bin|urldecode|rawurldecode|stripslashes|trim|htmlspecialchars_decode)\s*\(\s*){0,4}@?\$_(GET|POST|REQUEST|COOKIE)\s*[\[{]/ nocase
        $header = /\b(system|shell_exec|passthru|exec|popen|proc_open|eval|assert)\s*\(\s*(@?\s*(base64_decode|str_rot13|strrev|hex2bin)\s*\(\s*){0,4}@?(\$_SERVER\s*\[\s*["']HTTP_[A-Z_]{1,40}["']|getallheaders\s*\(|end\s*\(\s*getallheaders)/ nocase
        $backticks = /(=|\becho|\bprint|\breturn|\bdie\s*\(|\bexit\s*\(|\bvar_dump\s*\()\s*@?`[^`\n]{0,40}\$_(GET|POST|REQUEST|COOKIE)\s*\[/ nocase
    condition:
        php and any of them
}

rule php_shell_calls_request
{
    meta:
        description = "PHP that calls a function which the request names"
    strings:
        $variable = /\$_(GET|POST|REQUEST|COOKIE)\s*[\[{]\s*[^\]}\n]{1,40}[\]}]\s*\(\s*@?\s*(stripslashes\s*\(\s*|base64_decode\s*\(\s*)?\$_(GET|POST|REQUEST|COOKIE)\b/ nocase
        $callback = /\b(array_map|array_filter|array_walk|usort|uasort|uksort|call_user_func|call_user_func_array|register_shutdown_function|array_reduce)\s*\(\s*(array\s*\(\s*[^)\n]{0,40}\)\s*,\s*)?@?\$_(GET|POST|REQUEST|COOKIE)\s*\[[^\]\n]{1,40}\]\s*,\s*(array\s*\(|\[)?\s*@?\$_(GET|POST|REQUEST|COOKIE)\b/ nocase
        $function = /\bnew\s+ReflectionFunction\s*\(\s*@?\$_(GET|POST|REQUEST|COOKIE)\b/ nocase
    condition:
        php and any of them
}

rule php_shell_passes_request_on
{
    meta:
        description = "A short PHP file that hands a request's value to a command"
    strings:
        $taken = /\$(\w{1,20})\s*=\s*(@?\s*(base64_decode|str_rot13|strrev|hex2bin|trim|stripslashes)\s*\(\s*){0,3}@?\$_(GET|POST|REQUEST|COOKIE)\s*\[\s*["']?(c|cmd|command|comando|exec|execute|shell|run|code|pass|ajax_cmd|perintah)["']?\s*\]/ nocase
        $run = /\b(system|shell_exec|passthru|exec|popen|proc_open|pcntl_exec|eval|assert)\s*\(\s*["']?@?\$\w{1,20}\s*(\.\s*["'][^"'\n]{0,20}["']\s*)?[,)"']/ nocase
        $quoted = /escapeshell(arg|cmd)\s*\(/ nocase
    condition:
        php and filesize < 32KB and $taken and $run and not $quoted
}

rule php_shell_known_by_name
{
    meta:
        description = "PHP that names itself as one of the well known web shells and runs commands"
    strings:
        $name1 = "b374k" nocase
        $name2 = "c99shell" nocase
        $name3 = "r57shell" nocase
        $name4 = "FilesMan"
        $name5 = "IndoXploit" nocase
        $name6 = "p0wny@shell" nocase
        $name7 = "ALFA TEaM" nocase
        $name8 = "AnonymousFox" nocase
        $name9 = "weevely" nocase
        $name10 = "GaLers xh3LL" nocase
        $name11 = "Gecko Shell" nocase
        $name12 = "0byt3m1n1" nocase
        $run = /\b(eval|assert|shell_exec|passthru|proc_open|popen|system)\s*\(\s*@?\s*(\$|["'\w]{0,12}base64|gz)/ nocase
        $request = /\$_(GET|POST|REQUEST|COOKIE|FILES)\s*\[/
    condition:
        php and any of ($name*) and $run and $request
}

rule php_shell_panel
{
    meta:
        description = "A PHP file that shows the host, manages files and runs commands, as shells do"
    strings:
        $limits1 = "disable_functions" nocase
        $limits2 = "open_basedir" nocase
        $limits3 = "safe_mode" nocase
        $host1 = "php_uname" nocase
        $host2 = "posix_getpwuid" nocase
        $host3 = "posix_getgrgid" nocase
        $files1 = "move_uploaded_file" nocase
        $files2 = "fileperms" nocase
        $files3 = /@?\bunlink\s*\(\s*@?\$_(GET|POST|REQUEST)/ nocase
        $run1 = /\b(shell_exec|passthru|proc_open|popen|pcntl_exec)\s*\(\s*@?\$/ nocase
        $run2 = /function_exists\s*\(\s*["'](shell_exec|passthru|proc_open|popen|system)["']\s*\)/ nocase
        $request = /\$_(GET|POST|REQUEST)\s*\[\s*["'](cmd|command|dir|act|action|do|path|p1|x)["']\s*\]/ nocase
        $wordy = "namespace "
    condition:
        php and filesize < 400KB and any of ($limits*) and 2 of ($host*) and any of ($files*)
        and any of ($run*) and $request and not $wordy
}

rule php_in_image
{
    meta:
        description = "An image that holds PHP which runs or evaluates something"
    strings:
        $run = /<\?(php|=)[^>]{0,400}\b(eval|assert|system|shell_exec|passthru|exec|popen|proc_open|base64_decode)\s*\(/ nocase
    condition:
        (uint32(0) == 0x38464947 or uint32(0) == 0x474e5089 or uint16(0) == 0xd8ff) and $run
}

// ---- obfuscated PHP ----

rule php_evaluates_decoded_text
{
    meta:
        description = "PHP that evaluates a text which it unpacks first"
    strings:
        $chain = /\b(eval|assert)\s*\(\s*(["']\?>["']\s*\.\s*)?(@?\s*(base64_decode|gzinflate|gzuncompress|gzdecode|str_rot13|strrev|convert_uudecode|hex2bin|rawurldecode|bzdecompress)\s*\(\s*)+["'$]/ nocase
        $regular = /\bpreg_replace\s*\(\s*["'][\/#~@|!]\.[*+]?[\/#~@|!][imsxu]{0,4}e[imsxu]{0,4}["']\s*,\s*["'](eval|\\x65|\\145)/ nocase
        $function = /\bcreate_function\s*\(\s*["'][^"'\n]{0,20}["']\s*,\s*@?(base64_decode|gzinflate|str_rot13|strrev)\s*\(/ nocase
    condition:
        php and any of them
}

rule php_hides_function_names
{
    meta:
        description = "PHP that spells the name of a dangerous function so that no search finds it"
    strings:
        $hex1 = "\\x65\\x76\\x61\\x6c" nocase
        $hex2 = "\\x61\\x73\\x73\\x65\\x72\\x74" nocase
        $hex3 = "\\x73\\x79\\x73\\x74\\x65\\x6d" nocase
        $hex4 = "\\x62\\x61\\x73\\x65\\x36\\x34\\x5f" nocase
        $hex5 = "\\x67\\x7a\\x69\\x6e\\x66\\x6c" nocase
        $hex6 = "\\x73\\x68\\x65\\x6c\\x6c\\x5f" nocase
        $hex7 = "\\x47\\x4c\\x4f\\x42\\x41\\x4c\\x53" nocase
        $octal1 = "\\145\\166\\141\\154"
        $octal2 = "\\141\\163\\163\\145\\162\\164"
        $octal3 = "\\163\\171\\163\\164\\145\\155"
        $octal4 = "\\142\\141\\163\\145\\66\\64"
        $octal5 = "\\107\\114\\117\\102\\101\\114\\123"
        $cut1 = /["']base["']\s*\.\s*["']64_decode/ nocase
        $cut2 = /["']base64_?["']\s*\.\s*["']_?de/ nocase
        $cut3 = /["']ev["']\s*\.\s*["']al["']/ nocase
        $cut4 = /["']as["']\s*\.\s*["']sert["']/ nocase
        $cut5 = /["']sys["']\s*\.\s*["']tem["']/ nocase
        $cut6 = /["']she?["']\s*\.\s*["']e?ll_exec["']/ nocase
        $cut7 = /["']gz["']\s*\.\s*["']inflate["']/ nocase
        $letters = /["']b["']\s*\.\s*["']a["']\s*\.\s*["']s["']\s*\.\s*["']e["']\s*\.\s*["']6["']/ nocase
        $reversed1 = "edoced_46esab" nocase
        $reversed2 = "etalfnizg" nocase
        $rotated = /str_rot13\s*\(\s*["'](onfr64_qrpbqr|riny|nffreg|flfgrz|tmvasyngr|furyy_rkrp)/ nocase
    condition:
        php and any of them
}

rule php_builds_code_from_numbers
{
    meta:
        description = "PHP that builds names from character codes and evaluates the result"
    strings:
        $codes = /(\bchr\s*\(\s*(0x)?[0-9a-f]{1,3}\s*\)\s*\.\s*){5,}/ nocase
        $names = /(\$\w{1,30}\s*(\[|\{)\s*\d{1,3}\s*(\]|\})\s*\.\s*){6,}/
        $variables = /\$\{\s*["'](\\x[0-9a-f]{2}|\\[0-7]{2,3}){2,}/ nocase
        $evaluated = /\b(eval|assert|create_function)\s*\(\s*@?[$"'{]/ nocase
        $called = /\$(\w{1,20}|\{[^}\n]{1,60}\})(\[[^\]\n]{1,20}\])?\s*\(\s*\$\w{1,20}\s*\(\s*["'$]/
        $global = /\$\{?["']?GLOBALS["']?\}?\s*\[[^\]\n]{1,30}\]\s*\(/
    condition:
        php and (#variables > 4 or (any of ($codes, $names) and any of ($evaluated, $called, $global)))
}

rule php_evaluates_packed_block
{
    meta:
        description = "PHP that is mostly one packed text, which it decodes and evaluates"
    strings:
        $block = /["'][A-Za-z0-9+\/=]{2000,}/
        $decoded = /\b(base64_decode|gzinflate|gzuncompress|str_rot13|convert_uudecode|hex2bin)\s*\(/ nocase
        $evaluated = /\b(eval|assert)\s*\(\s*@?\$\w{1,30}\s*(\(|\))/ nocase
        $function = /\bcreate_function\s*\(\s*["']["']\s*,\s*\$/ nocase
    condition:
        php and filesize < 2MB and $block and $decoded and any of ($evaluated, $function)
}

// ---- JSP, ASP, ASPX web shells ----

rule jsp_shell_runs_request
{
    meta:
        description = "JSP that runs what the request sends as a command"
    strings:
        $runtime = /getRuntime\s*\(\s*\)\s*\.\s*exec\s*\(/
        $builder = /new\s+(java\.lang\.)?ProcessBuilder\s*\(/
        $hidden = /getMethod\s*\(\s*["']exec["']/
        $parameter = /request\s*\.\s*(getParameter|getHeader)\s*\(/
    condition:
        server_page and $parameter and any of ($runtime, $builder, $hidden)
}

rule jsp_shell_loads_request
{
    meta:
        description = "JSP that loads a class or a script which the request sends"
    strings:
        $define = /\bdefineClass\s*\(/
        $loader = /extends\s+(java\.lang\.)?ClassLoader/
        $urls = /new\s+(java\.net\.)?URLClassLoader\s*\(/
        $cipher = "Cipher.getInstance("
        $decoded = /(decodeBuffer|getDecoder\s*\(\s*\)\s*\.\s*decode|decodeBase64|b64decode)\s*\(/ nocase
        $script = /getEngineByName\s*\(/
        $evaluated = /\.eval\s*\(\s*(new\s+String\s*\(\s*)?request\s*\.\s*getParameter\s*\(/
        $request = /request\s*\.\s*(getParameter|getReader|getInputStream|getHeader)\s*\(/
    condition:
        server_page and $request
        and ((($define or $urls) and ($cipher or $decoded)) or ($loader and $define) or ($script and $evaluated))
}

rule asp_shell_evaluates_request
{
    meta:
        description = "ASP or ASPX that evaluates what the request sends as code"
    strings:
        $eval = /\b(eval|execute|executeglobal)(\s*\(\s*|\s+)(System\.Text\.Encoding\.\w{1,20}\.GetString\s*\(\s*)?(Convert\.FromBase64String\s*\(\s*)?request\s*(\.\s*(item|form|querystring|params|cookies|headers))?\s*[(\[]/ nocase
        $assembly = /Assembly\s*\.\s*Load\s*\(\s*[^;\n]{0,120}(Request\s*\.\s*(BinaryRead|InputStream|Form|Item|Cookies|Headers)|Request\s*\[|FromBase64String|CreateDecryptor)/ nocase
    condition:
        server_page and any of them
}

rule asp_shell_runs_request
{
    meta:
        description = "ASP or ASPX that starts a shell with what the request sends"
    strings:
        $start1 = /new\s+(System\.Diagnostics\.)?ProcessStartInfo/ nocase
        $start2 = /Process\s*\.\s*Start\s*\(/ nocase
        $start3 = /new\s+(System\.Diagnostics\.)?Process\s*\(/ nocase
        $script1 = /CreateObject\s*\(\s*["']WScript\.Shell/ nocase
        $script2 = /CreateObject\s*\(\s*["']Shell\.Application/ nocase
        $execute = /\.\s*(exec|run|ShellExecute)\s*\(?\s*["'&\w]/ nocase
        $shell = /\b(cmd(\.exe)?["']|cmd\.exe|powershell|\/bin\/(ba)?sh|%comspec%)/ nocase
        $request = /request\s*(\.\s*(item|form|querystring|params|cookies|headers))?\s*[(\[]\s*["']/ nocase
        $field = /<asp:TextBox[^>]{0,80}id\s*=\s*["']?\w{0,20}(cmd|arg|command|exec)\w{0,20}/ nocase
    condition:
        server_page and $shell
        and ((any of ($start*) and any of ($request, $field)) or (any of ($script*) and $execute and $request))
}

// ---- crypto miners ----

rule miner_program
{
    meta:
        description = "A program that mines cryptocurrency"
    strings:
        $pool = /stratum\+(tcp|ssl|tls|udp):\/\//
        $name1 = "xmrig" nocase
        $name2 = "cpuminer" nocase
        $name3 = "minerd" nocase
        $name4 = "ccminer" nocase
        $name5 = "ethminer" nocase
        $name6 = "nanominer" nocase
        $name7 = "t-rex" nocase fullword
        $name8 = "lolMiner" nocase
        $option1 = "donate-level" nocase
        $option2 = "randomx" nocase
        $option3 = "cryptonight" nocase
        $option4 = "mining.subscribe"
        $option5 = "mining.authorize"
        $option6 = "nicehash" nocase
        $option7 = "hashrate" nocase
    condition:
        program and (($pool and any of ($name*) and any of ($option*)) or 4 of ($option*))
}

rule miner_settings
{
    meta:
        description = "The settings of a cryptocurrency miner"
    strings:
        $pools = /"pools"\s*:\s*\[/
        $url = /"url"\s*:\s*"[^"\n]{4,120}:\d{2,5}"/
        $user = /"user"\s*:\s*"[^"\n]{1,200}"/
        $kind1 = "\"donate-level\""
        $kind2 = "\"randomx\""
        $kind3 = "\"rig-id\""
        $kind4 = "\"nicehash\""
        $kind5 = /"(algo|coin)"\s*:\s*("(rx\/|cn\/|cn-|monero|randomx|argon2|kawpow|ghostrider)|null)/ nocase
    condition:
        filesize < 64KB and $pools and $url and $user and 2 of ($kind*)
}

rule miner_script
{
    meta:
        description = "A script that starts or fetches a cryptocurrency miner"
    strings:
        $script = /^#!\s*\/[^\n]{2,60}/
        $command = /\b(xmrig|minerd|cpuminer|ccminer|nbminer|lolMiner|t-rex|phoenixminer|teamredminer|srbminer[\w-]{0,8})\b[^\n]{0,200}(-o|--url|--pool)[ =]["']?(stratum\+\w{2,4}:\/\/|[\w.-]{4,80}:\d{2,5})[^\n]{0,120}(-u|--user|--wallet)[ =]/ nocase
        $fetched = /\b(curl|wget)\b[^\n]{0,160}(xmrig|minerd|cpuminer|moneroocean|c3pool)[^\n]{0,120}(\.tar\.gz|\.zip|\.sh|\|\s*(ba)?sh)/ nocase
        $pool = /\b(-o|--url|--pool)[ =]["']?(stratum\+(tcp|ssl):\/\/|[\w.-]{0,60}(minexmr|supportxmr|nanopool|moneroocean|hashvault|c3pool|2miners|herominers|nicehash)\.[\w.]{2,20}:\d)/ nocase
        $background = /\b(nohup|setsid|disown|crontab|systemctl enable)\b/
    condition:
        filesize < 1MB and (($command and ($script or $background)) or ($script and $fetched and $background) or ($script and $pool and $background))
}

rule miner_in_page
{
    meta:
        description = "A web page or script that mines in its visitors' browsers"
    strings:
        $start = /\bnew\s+(CoinHive|CoinImp|deepMiner|CryptoLoot|CRLT|JSEcoin|Coinhave|WMP|CoinNebula|Crypta)\s*\.\s*(Anonymous|User|Token)\s*\(/ nocase
        $source = /<script[^>]{1,60}src\s*=\s*["'][^"'\n]{0,80}(coinhive(\.min)?\.js|cryptoloot[\w.-]{0,20}\.js|coinimp[\w.-]{0,20}\.js|deepMiner(\.min)?\.js|webmr\.js|webminepool[^"']{0,30}\.js)/ nocase
    condition:
        any of them
}

// ---- reverse shells ----

rule reverse_shell_in_shell
{
    meta:
        description = "A command that gives a shell to another host over the network"
    strings:
        $bash = /\b(ba|z|k|da)?sh\s+-[il]{1,2}\s*(\d?[<>]&?\s*|&>\s*|>&\s*)\/dev\/(tcp|udp)\/[^\s\/"']{1,80}\/[\d$]/
        $descriptors = /\b(ba|z|k|da)?sh\s*(-i\s*)?(<&\s*\d{1,3}\s*)(>&\s*\d{1,3}\s*)(2>&\s*\d{1,3})?/
        $loop = /while\s+read\s+(-r\s+)?\w{1,20}\s*;\s*do\s+(eval\s+)?["']?\$\{?\w{1,20}\}?["']?\s+(2>&\d{1,3}|>&\d{1,3})/
        $device = /\d{1,3}<>\s*\/dev\/(tcp|udp)\/[^\s\/"']{1,80}\/[\d$]/
        $pipe = /\bmk(fifo|nod)\s+[^\n]{1,200}\b(ba|z|k|da)?sh\s+-i\s+2>&1\s*\|\s*(\/\S{1,40}\/)?(nc|ncat|netcat|telnet|openssl\s+s_client|busybox\s+nc)\b/
        $netcat = /(^|[\s;&|("'`\/])(nc|ncat|netcat)(\.traditional|\.openbsd)?\s+([^\s\n|;#<>`][^\n|;#<>`]{0,80}\s)?-[a-z]{0,6}[ec]\s+["']?(\/usr)?(\/bin\/)?(ba|z|k|da)?sh\b/
        $socat = /\bsocat\s+[^\n#]{0,120}\bexec:\s*["']?(\/usr)?(\/bin\/)?(ba|z|k|da)?sh\b[^\n#]{0,120}\b(tcp4?6?|openssl|udp)(-connect)?:[^\s]/ nocase
        $socat_back = /\bsocat\s+[^\n#]{0,60}\b(tcp4?6?|openssl|udp)(-connect)?:[^\s]{1,80}:\d[^\n#]{0,60}\bexec:\s*["']?(\/usr)?(\/bin\/)?(ba|z|k|da)?sh\b/ nocase
    condition:
        filesize < 4MB and not program
        and ($bash or $pipe or $netcat or $socat or $socat_back or ($device and any of ($descriptors, $loop)))
}

rule reverse_shell_in_script
{
    meta:
        description = "A Python, Perl, Ruby or PHP script that gives a shell to another host"
    strings:
        $python_socket = /\bsocket\s*\.\s*(socket|create_connection)\s*\(|\bimport\s+socket\b/
        $python_connect = /\.\s*connect\s*\(\s*\(/
        $python_input = /\bdup2\s*\(\s*\w{1,30}\.fileno\s*\(\s*\)\s*,\s*(0|fd|\w{1,10})\s*\)/
        $python_shell = /\b(pty\.spawn|subprocess\.(call|run|Popen|check_call)|os\.(system|execl[pe]?|execv[pe]?))\s*\(\s*\[?\s*["'](\/usr)?(\/bin\/)?(ba|z|k|da)?sh["']/
        $perl_socket = /\b(use\s+(IO::)?Socket|IO::Socket::INET->new)\b/
        $perl_input = /open\s*\(?\s*(\*?STDIN)\s*,\s*["']?[<>+]{1,2}&/
        $perl_shell = /\b(exec|system)\s*\(?\s*\{?\s*["'](\/usr)?\/bin\/(ba|z|k|da)?sh/
        $perl_fdopen = /STDIN->fdopen\s*\(\s*\$\w{1,20}\s*,\s*["']?r/
        $ruby = /TCPSocket\.(new|open)\s*\(?[^\n]{1,120}(exec\s+sprintf|IO\.popen\s*\(?\s*\w{1,20}\s*,|exec\s*\(?\s*["']\/bin\/(ba)?sh)/
        $php_socket = /\b(fsockopen|stream_socket_client)\s*\(/
        $php_shell = /\b(exec|shell_exec|system|passthru|popen|proc_open)\s*\(\s*["'](\/usr)?(\/bin\/)?(ba|z|k|da)?sh(\s+-i)?(\s*<&\s*\d)?/
        $php_variable = /\$\w{1,20}\s*=\s*["'][^"'\n]{0,60}\/bin\/(ba|z|k|da)?sh\s+-i\s*["']/
        $php_open = /\bproc_open\s*\(\s*\$/
    condition:
        filesize < 1MB and not program
        and (($python_socket and $python_connect and $python_input and $python_shell)
        or ($perl_socket and $perl_shell and any of ($perl_input, $perl_fdopen))
        or $ruby
        or (php and $php_socket and ($php_shell or ($php_variable and $php_open))))
}

rule reverse_shell_in_powershell
{
    meta:
        description = "PowerShell that runs what another host sends"
    strings:
        $socket = /New-Object\s+(System\.)?Net\.Sockets\.TCPClient\s*\(/ nocase
        $stream = ".GetStream(" nocase
        $loop = /while\s*\(\s*\(\s*\$\w{1,20}\s*=\s*\$\w{1,20}\.Read\s*\(/ nocase
        $run = /\b(iex|Invoke-Expression)\b/ nocase
    condition:
        filesize < 1MB and all of them
}
