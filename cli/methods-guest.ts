import type { Methods } from '../actors/index.ts';
import type { AllowedDirs } from './allowed-dirs.ts';
import { getdmesg } from './getdmesg.ts';
import { getfile, getfileShape } from './getfile.ts';
import type { Log } from './log.ts';
import { jsonSchemaOf } from './params.ts';
import type { PutTransfers } from './put-transfers.ts';
import { putfile, putfileShape } from './putfile.ts';
import { shutdown, shutdownShape } from './shutdown.ts';

/** Of a method that takes none. */
const nothing = jsonSchemaOf({});

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
    getfile: { handle: getfile(permissions.read), jsonSchema: jsonSchemaOf(getfileShape) },
    getdmesg: { handle: getdmesg, jsonSchema: nothing },
    shutdown: { handle: shutdown(permissions.shutdown, log), jsonSchema: jsonSchemaOf(shutdownShape) },
    // Of its later calls a form would be of no use.
    putfile: { handle: putfile(permissions.write), jsonSchema: { ...jsonSchemaOf(putfileShape), additionalProperties: true } },
  };
}
