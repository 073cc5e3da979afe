import type { Methods } from '../actors/index.ts';
import type { AllowedDirs } from './allowed-dirs.ts';
import { getdmesg } from './getdmesg.ts';
import { getfile } from './getfile.ts';
import type { Log } from './log.ts';
import type { PutTransfers } from './put-transfers.ts';
import { putfile } from './putfile.ts';
import { shutdown } from './shutdown.ts';

/** What a guest's user has allowed. */
export interface GuestPermissions {
  readonly read: AllowedDirs;
  /** The files that a host is writing, below the directories that it may write. */
  readonly write: PutTransfers;
  /** The command that ends the machine. */
  readonly shutdown: string | undefined;
}

/** The guest's own methods. All are there, and those that are not allowed say so: a caller learns what to ask for. */
export function guestMethods(permissions: GuestPermissions, log: Log): Methods {
  return {
    getfile: getfile(permissions.read),
    getdmesg,
    shutdown: shutdown(permissions.shutdown, log),
    putfile: putfile(permissions.write),
  };
}
