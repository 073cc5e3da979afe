import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';

/**
 * At its end Node gives each terminal that it began with the modes back that it had, and aborts where that fails, as it does when the
 * terminal is gone. A descriptor that is closed by then it passes over.
 */
export function letGoOfLostTerminals(): void {
  const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));
  process.once('exit', () => {
    // The system knows no terminal there any more.
    for (const descriptor of terminals) if (!isatty(descriptor)) close(descriptor);
  });
}

function close(descriptor: number): void {
  try {
    closeSync(descriptor);
  } catch {
    // Whoever closed it before us did what is needed.
  }
}
