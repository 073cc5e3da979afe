/**
 * The commands of a qemu-guest-agent that people use, for `createPeer<QemuGaMethods>({ protocol: 'qemu-ga', … })`; any other
 * command can be called by its name, with `unknown` for a result.
 *
 * Names, units and ranges are those of QEMU's schema (`qga/qapi-schema.json`); members that came with a later agent, or that an
 * agent leaves out, are optional. A result is what the guest says: check it, with `result`, before you rely on it.
 */
export interface QemuGaMethods {
  /** Does nothing; its answer says that the agent is there. */
  'guest-ping': () => QemuGaNothing;
  /** The agent's version, and its list of commands. The peer has asked it already: see `remoteMethods`. */
  'guest-info': () => QemuGaInfo;
  'guest-get-osinfo': () => QemuGaOsInfo;
  'guest-get-host-name': () => { readonly 'host-name': string };
  'guest-get-timezone': () => { readonly zone?: string; /** Seconds east of UTC. */ readonly offset: number };
  /** Who is logged in. */
  'guest-get-users': () => readonly QemuGaUser[];
  'guest-network-get-interfaces': () => readonly QemuGaInterface[];
  /** What is mounted, pseudo file systems left out. */
  'guest-get-fsinfo': () => readonly QemuGaFileSystem[];
  'guest-get-vcpus': () => readonly QemuGaVcpu[];
  /** Puts processors online or offline. The result is how many of the list, from its first, were done: at least 1. */
  'guest-set-vcpus': (params: { readonly vcpus: readonly QemuGaVcpu[] }) => number;

  /** Nanoseconds since 1970, UTC. Above 2^53, which it is, JavaScript's number has it to 256 ns. */
  'guest-get-time': () => number;
  /** Sets the guest's clock: to nanoseconds since 1970, UTC, or, left out, to that of its hardware clock. */
  'guest-set-time': (params?: { readonly time?: number }) => QemuGaNothing;
  /**
   * Ends the guest; `mode` is `powerdown` if left out. An agent answers only if it fails. Resolves when the agent, asked right
   * after, has answered that: it has begun. An agent that is gone by then ends the line, and the call with `LINE_LOST`.
   */
  'guest-shutdown': (params?: { readonly mode?: 'powerdown' | 'halt' | 'reboot' }) => undefined;
  /** To disk, to memory, or both. Answered as `guest-shutdown` is, once the guest runs again. */
  'guest-suspend-disk': () => undefined;
  'guest-suspend-ram': () => undefined;
  'guest-suspend-hybrid': () => undefined;

  /** A handle for a file of the guest, as C's `fopen` opens it; `mode` is `r` if left out. It stays open until it is closed, whoever asks. */
  'guest-file-open': (params: { readonly path: string; readonly mode?: string }) => number;
  'guest-file-close': (params: { readonly handle: number }) => QemuGaNothing;
  /** Up to `count` bytes: 4096 if left out, at most 48 MB for the agent and 36 MiB for this side's default limit. */
  'guest-file-read': (params: { readonly handle: number; readonly count?: number }) => QemuGaFileRead;
  /** Bytes in base64; `count`, to write fewer of them, is in bytes. */
  'guest-file-write': (params: { readonly handle: number; readonly 'buf-b64': string; readonly count?: number }) => QemuGaFileWrite;
  /** `offset` in bytes, from where `whence` says. */
  'guest-file-seek': (params: { readonly handle: number; readonly offset: number; readonly whence: 'set' | 'cur' | 'end' | 0 | 1 | 2 }) => {
    readonly position: number;
    readonly eof: boolean;
  };
  /** Hands what was written to the guest's kernel. */
  'guest-file-flush': (params: { readonly handle: number }) => QemuGaNothing;

  /** Starts a program, as the agent's user; it is not waited for. */
  'guest-exec': (params: QemuGaExec) => { /** For `guest-exec-status`. */ readonly pid: number };
  /** How far a program is. Once it has told that one has exited, the agent forgets it. */
  'guest-exec-status': (params: { readonly pid: number }) => QemuGaExecStatus;

  'guest-fsfreeze-status': () => 'thawed' | 'frozen';
  /** Freezes all file systems, or those at the mount points; the result is how many. Until they are thawed few commands are enabled. */
  'guest-fsfreeze-freeze': (params?: { readonly mountpoints?: readonly string[] }) => number;
  'guest-fsfreeze-freeze-list': (params?: { readonly mountpoints?: readonly string[] }) => number;
  /** The result is how many were thawed. */
  'guest-fsfreeze-thaw': () => number;
  /** Tells storage what is unused. `minimum`: bytes of the shortest stretch that is told; default 0, all. */
  'guest-fstrim': (params?: { readonly minimum?: number }) => {
    readonly paths: readonly {
      readonly path: string;
      /** Bytes. */
      readonly trimmed?: number;
      /** Bytes. */
      readonly minimum?: number;
      readonly error?: string;
    }[];
  };

  /** Any other command, by its name. */
  // oxlint-disable-next-line typescript/no-explicit-any -- what it takes is up to the agent
  [command: string]: (params?: any) => unknown;
}

/** The result of a command that has nothing to tell. */
export type QemuGaNothing = Readonly<Record<string, never>>;

/** Of `guest-info`. */
export interface QemuGaInfo {
  readonly version: string;
  readonly supported_commands: readonly {
    readonly name: string;
    readonly enabled: boolean;
    /** Whether it is answered when it succeeds. */
    readonly 'success-response': boolean;
  }[];
}

/** Of `guest-get-osinfo`: on Linux from uname and os-release. */
export interface QemuGaOsInfo {
  readonly id?: string;
  readonly name?: string;
  readonly 'pretty-name'?: string;
  readonly version?: string;
  readonly 'version-id'?: string;
  readonly variant?: string;
  readonly 'variant-id'?: string;
  readonly machine?: string;
  readonly 'kernel-release'?: string;
  readonly 'kernel-version'?: string;
}

/** Of `guest-get-users`. */
export interface QemuGaUser {
  readonly user: string;
  /** On Windows. */
  readonly domain?: string;
  /** Seconds since 1970, with a fraction. */
  readonly 'login-time': number;
}

/** Of `guest-network-get-interfaces`. */
export interface QemuGaInterface {
  readonly name: string;
  readonly 'hardware-address'?: string;
  readonly 'ip-addresses'?: readonly {
    readonly 'ip-address': string;
    readonly 'ip-address-type': 'ipv4' | 'ipv6';
    /** Bits. */
    readonly prefix: number;
  }[];
  /** Counted since the interface came up. */
  readonly statistics?: {
    readonly 'rx-bytes': number;
    readonly 'rx-packets': number;
    readonly 'rx-errs': number;
    readonly 'rx-dropped': number;
    readonly 'tx-bytes': number;
    readonly 'tx-packets': number;
    readonly 'tx-errs': number;
    readonly 'tx-dropped': number;
  };
}

/** Of `guest-get-fsinfo`. */
export interface QemuGaFileSystem {
  readonly name: string;
  readonly mountpoint: string;
  readonly type: string;
  readonly 'used-bytes'?: number;
  /** Without what is kept for root. */
  readonly 'total-bytes'?: number;
  readonly 'total-bytes-privileged'?: number;
  /** What it lies on; empty where the agent can't tell. */
  readonly disk: readonly QemuGaDisk[];
}

/** Where a disk is, as the guest sees it. */
export interface QemuGaDisk {
  readonly 'bus-type': string;
  readonly bus: number;
  readonly target: number;
  readonly unit: number;
  readonly 'pci-controller': { readonly domain: number; readonly bus: number; readonly slot: number; readonly function: number };
  readonly dev?: string;
  readonly serial?: string;
}

/** Of `guest-get-vcpus`, and for `guest-set-vcpus`. */
export interface QemuGaVcpu {
  readonly 'logical-id': number;
  readonly online: boolean;
  readonly 'can-offline'?: boolean;
}

/** Of `guest-file-read`. */
export interface QemuGaFileRead {
  /** Bytes read; 0 at the end. */
  readonly count: number;
  readonly 'buf-b64': string;
  readonly eof: boolean;
}

/** Of `guest-file-write`. */
export interface QemuGaFileWrite {
  /** Bytes written: it can be fewer than were given. */
  readonly count: number;
  readonly eof: boolean;
}

/** For `guest-exec`. */
export interface QemuGaExec {
  /** A program; without a slash it is looked for in the agent's PATH. */
  readonly path: string;
  /** Its arguments, without its own name. */
  readonly arg?: readonly string[];
  /** Its environment, as `NAME=value`; if left out, the agent's. */
  readonly env?: readonly string[];
  /** Its standard input, in base64. */
  readonly 'input-data'?: string;
  /**
   * Whether output is kept for `guest-exec-status`; default false. By name (`merged` puts both streams into `out-data`) from QEMU
   * 8.1 on.
   */
  readonly 'capture-output'?: boolean | 'none' | 'stdout' | 'stderr' | 'separated' | 'merged';
}

/** Of `guest-exec-status`. */
export interface QemuGaExecStatus {
  readonly exited: boolean;
  /** Its status, once it has exited by itself. */
  readonly exitcode?: number;
  /** The signal that ended it, or on Windows the number of its exception. */
  readonly signal?: number;
  /** What it wrote, in base64, once it has exited: up to 16 MiB of each stream. */
  readonly 'out-data'?: string;
  readonly 'err-data'?: string;
  /** Whether there was more. */
  readonly 'out-truncated'?: boolean;
  readonly 'err-truncated'?: boolean;
}
