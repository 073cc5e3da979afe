import type { Manager } from '../actors/manager.ts';

/** Which inspectors hold each manager paused. */
const holders = new WeakMap<Manager, Set<object>>();

/** An inspector pauses a manager, until it lets go or somebody resumes. What the program itself has paused is not the inspector's to resume. */
export function pauseFor(holder: object, manager: Manager): void {
  const own = holders.get(manager) ?? new Set();
  if (manager.isPaused && own.size === 0) return;
  holders.set(manager, own.add(holder));
  manager.pause(true);
}

/** Somebody asks to go on: whoever has paused it. */
export function resume(manager: Manager): void {
  holders.delete(manager);
  manager.pause(false);
}

/** An inspector ends. The manager goes on if no other one holds it. */
export function letGo(holder: object, manager: Manager): void {
  const own = holders.get(manager);
  if (own?.delete(holder) !== true || own.size > 0) return;
  holders.delete(manager);
  manager.pause(false);
}
