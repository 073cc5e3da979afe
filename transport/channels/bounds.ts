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
  // A host that comes to a virtio-serial port waits that long to be seen; looking ten times a second costs 0.1 % of a CPU.
  hostAwayMs: 100,
  // A port that was unplugged is looked up by name, which reads some files; who plugs it in again has all the time.
  portAwayMs: 250,
  // Longest pause before a port that took nothing, or had nothing, is tried again; it starts at 1 ms.
  portPauseMs: 16,
  // Bytes written to a port, and reads from it, before other things of the process have their turn.
  portSlice: 262_144,
  portReads: 64,
});
