import { expectTypeOf, test } from 'vitest';
import type { Peer, QemuGaExecStatus, QemuGaMethods } from '../../actors/index.ts';

// Checked by the compiler; nothing here is run.
test('the commands that people use are typed, and any other is taken by its name', () => {
  const use = (peer: Peer<QemuGaMethods>): void => {
    expectTypeOf(peer.call('guest-get-host-name')).resolves.toEqualTypeOf<{ readonly 'host-name': string }>();
    expectTypeOf(peer.call('guest-exec-status', { pid: 1 })).resolves.toEqualTypeOf<QemuGaExecStatus>();
    expectTypeOf(peer.call('guest-file-open', { path: '/etc/hosts' })).resolves.toBeNumber();
    expectTypeOf(peer.call('guest-fsfreeze-status')).resolves.toEqualTypeOf<'thawed' | 'frozen'>();
    expectTypeOf(peer.call('guest-shutdown', { mode: 'reboot' })).resolves.toBeUndefined();
    expectTypeOf(peer.call('guest-get-load', { any: 1 })).resolves.toBeUnknown();
    // @ts-expect-error -- a command's parameters are not another's
    void peer.call('guest-exec-status', { path: 'x' });
    // @ts-expect-error -- nor may they be left out
    void peer.call('guest-file-open');
    // @ts-expect-error -- nor be other words than QEMU's
    void peer.call('guest-shutdown', { mode: 'sleep' });
  };
  expectTypeOf(use).toBeFunction();
});
