/** The numbers of the channels, each with its reason. */
export const bounds = Object.freeze({
  // One more than a reconnecting peer, its probe and a second client need; each costs one idle descriptor.
  heldPeers: 4,
  // A peer's machine that vanished is noticed after 30 s of silence and the kernel's 10 probes of 1 s.
  keepAliveMs: 30_000,
  // A program that handles SIGTERM, or the end of its stdin, is done by then; nobody waits long for one that does not.
  childGraceMs: 2_000,
  // The lock on a stale socket file is held for microseconds; an older one has lost its owner.
  lockMs: 10_000,
  // `sun_path`, less the NUL that ends it. What is longer gets cut off without a word, or EINVAL.
  socketPathBytes: process.platform === 'linux' ? 107 : 103,
  // The longest answer of QEMU 7.2, its own schema, has 0.2 MB.
  qmpLineBytes: 4 * 1024 * 1024,
  // Nobody waits for more answers of a monitor, which gives them in order.
  qmpPending: 64,
  // QEMU greets as soon as it has accepted; it accepts one client at a time.
  qmpGreetingMs: 5_000,
  // Pauses between attempts to open what is not there yet: short enough for a VM that boots in 3 s, light enough for hours.
  tryFirstMs: 50,
  tryLastMs: 1_000,
  // Default of `waitMs` of a QEMU chardev: QEMU makes its sockets within a second; with QMP, a guest boots and opens its port.
  chardevWaitMs: 30_000,
  // QEMU sees that a client has left in its next turn, which a busy machine delays.
  chardevFreeMs: 1_000,
  // QEMU tells of a port once a second at most: what it held back is the news that the line was opened by.
  portNewsMs: 1_100,
  // What a terminal's driver holds at most; and reads of it before other things of the process have their turn.
  serialReadBytes: 64 * 1024,
  serialReads: 16,
  // A UART tells of 16 bytes at a time at most: what follows is looked for this much later, not waited for at a turn each. In a
  // guest under software emulation that was between twice and ten times as fast as being told each time.
  serialGatherMs: 1,
  // Whether a host is at a virtio-serial port is looked at after 10 ms, then at pauses that double up to this one: a host that
  // restarts is back soon. Three or four looks a second cost 1.1 % of a CPU under software emulation, 2.4 % on a busy machine.
  hostAwayMs: 500,
  // A port that has no host, and was heard within the first of these, is looked at again after 1 ms, 2 and the second: a host that
  // comes as another leaves can be heard, under software emulation, 20 ms before the kernel says that it is there.
  portHeardMs: 1_000,
  portDoubtMs: 4,
  // Longest pause before a port that took nothing is tried again; it starts at 1 ms. QEMU holds 4 MiB of what was taken, so a
  // host that reads again has enough until then.
  portFullMs: 64,
  // The same for one that had nothing, where Node can't tell when bytes come: the first call after a silence waits that long.
  portQuietMs: 16,
  // Bytes written to a port, and reads from it, before other things of the process have their turn.
  portSlice: 262_144,
  portReads: 64,
});
