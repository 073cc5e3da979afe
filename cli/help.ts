import { exitCodes } from './exit-codes.ts';

/** The table of exit codes, for help texts. */
export const exitHelp = `\nExit codes:\n${Object.values(exitCodes)
  .map(({ code, meaning }) => `  ${String(code).padStart(3)}  ${meaning}`)
  .join('\n')}`;

/** What the help of each command teaches besides its options. */
export const examples = {
  guest: `
Methods: ping, capabilities, getfile {path, offset?, length?} (base64, at most 1 MiB a call), getdmesg,
shutdown {shutdown_mode: halt|powerdown|reboot}, putfile {path, data} (larger files in pieces: virtagent copy
does it). At its start it says hello to the host.

A listening guest serves one host at a time; up to 4 more are held until it has left. A connecting guest
ends when the line is lost, unless there is --retry; one on virtio-serial or isa-serial stays for the next
host. On stdio it ends when standard input does, after its last answer; logs go to stderr.

Examples:
  virtagent guest -c unix-listen -p /run/va.sock --allow-read /var/log
  virtagent guest -c virtio-serial -p org.virtagent.0 --allow-read /var/log --allow-write /srv/incoming
  virtagent guest -c unix-connect -p /run/host.sock --retry --allow-shutdown /usr/local/sbin/end-machine
  printf '{"jsonrpc":"2.0","id":1,"method":"ping"}\\n' | virtagent guest -c stdio --protocol jsonrpc-lines`,
  host: `
Without --exec, commands are lines of standard input: METHOD [JSON], .jobs, .slots, .help, .quit.
With a line that ends in " &" the next one does not wait. Results go to stdout, all else to stderr.
All commands are run, unless an --exec is none; the exit code is that of the first that failed (typed ones do not count).

Examples:
  virtagent host -c unix-listen -p /run/host.sock
  virtagent host -c unix-connect -p /run/va.sock --exec capabilities --exec 'getfile {"path":"/var/log/syslog","length":100}'
  echo getdmesg | virtagent host -c tcp-connect -p 127.0.0.1:7000`,
  call: `
JSON are the parameters; "-" reads them from standard input. The result is one line of JSON on stdout (on
stderr with --channel stdio); an error is a line on stderr that says whether the method may have been run.

Examples:
  virtagent call ping -c unix-connect -p /run/va.sock
  virtagent call getfile '{"path":"/var/log/syslog","length":1000}' -c unix-connect -p /run/va.sock --timeout 5
  virtagent call getdmesg -c tcp-connect -p 127.0.0.1:7000 --protocol jsonrpc-lines --trace
  virtagent call guest-get-osinfo -c qemu-chardev -p /run/vm/qga.sock`,
  copy: `
One of SRC and DST is in the guest: guest:PATH, with an absolute path. A directory as DST takes the file's own name.
The copy appears under its name when all of it is there and its length and SHA-256 are right; whatever goes wrong
before leaves what was there. A file here whose name begins with "guest:" is ./guest:NAME.
The guest has to allow it: virtagent guest --allow-read DIR or --allow-write DIR. Where the guest runs qemu-ga the copy is
made with the agent's guest-file commands, and sha256sum and mv in the guest where it may run commands.

Examples:
  virtagent copy guest:/var/log/syslog . -c unix-connect -p /run/va.sock
  virtagent copy ./app.tar guest:/srv/ -c unix-connect -p /run/va.sock --keep-mode
  virtagent copy guest:/etc/os-release - -c unix-connect -p /run/qga.sock`,
  exec: `
The agent gives output at the command's end only, and the first 16 MiB of each; --stream prints it as it comes, by way
of files in the guest's temporary folder, and needs a shell and mktemp there. The exit code is the command's, 128 and
the number of the signal that ended it, or 124 to 127 for what follows. Ctrl-C ends the waiting, not the command.
Standard input is read to its end first, up to 8 MiB.

Examples:
  virtagent exec -c unix-connect -p /run/qga.sock -- uname -a
  virtagent exec -c unix-connect -p /run/qga.sock -- sh -c 'df -h /'
  virtagent exec -c unix-connect -p /run/qga.sock --protocol qemu-ga --env LANG=C -- sort < names.txt`,
  demo: `
Starts a guest as a process of its own and a host in this one, on a unix socket with virtagent-2. Both call
each other at the same time: capabilities, ping, getdmesg and a file in pieces one way, hello and ping the other.
Shows every job with the states that it went through, until Ctrl-C.

Examples:
  npm start
  npm start -- --once`,
  top: `
For a terminal of any size, a serial console among them: plain text, drawn anew each second, ended by q or Ctrl-C. Jobs that are
under way come first, the oldest on top. Where standard output is no terminal it prints a snapshot each second. When the agent goes
away it says so, and connects again.

Examples:
  virtagent top --inspect http://127.0.0.1:41234/9oX1XzQm7wS5eUfKp2LbRtVhYcJdAg0N/
  virtagent top --inspect http://127.0.0.1:41234/9oX1XzQm7wS5eUfKp2LbRtVhYcJdAg0N/ --once --json`,
  replay: `
It prints the address of the page, and serves it until Ctrl-C. A recording that was cut off, or parts of which are of another version,
is shown as far as it can be read; what can't be is said.

Examples:
  virtagent host -c unix-connect -p /run/va.sock --record run.jsonl
  virtagent replay run.jsonl`,
  diagram: `
The charts in docs/charts are made by it. A viewer of Mermaid draws what it prints, as GitHub does; with svg it is drawn.

Examples:
  virtagent diagram
  virtagent diagram client-job
  virtagent diagram client-job --format svg > client-job.svg`,
  all: `
Examples:
  virtagent demo
  virtagent guest -c unix-listen -p /tmp/va.sock --allow-read /var/log &
  virtagent call capabilities -c unix-connect -p /tmp/va.sock`,
} as const;
