import type { Server, Socket } from 'node:net';
import { join } from 'node:path';
import { folder, server } from './support.ts';

/** A QEMU as its chardev and its monitor show it, with a guest's port that tests open and close. */
export class FakeQemu {
  readonly path: string;
  readonly qmpPath: string;
  /** Clients that the chardev has accepted. */
  readonly clients: Socket[] = [];
  readonly monitors: Socket[] = [];
  isOpen = false;
  /** What `query-chardev` says besides. */
  others: object[] = [{ label: 'compat_monitor0', filename: 'unix:/elsewhere,server=on', 'frontend-open': true }];
  looks = 0;
  #monitor: Server | undefined;

  constructor() {
    const at = folder();
    this.path = join(at, 'va.sock');
    this.qmpPath = join(at, 'qmp.sock');
  }

  async start(): Promise<this> {
    await server({ path: this.path }, (socket) => {
      this.clients.push(socket);
      socket.on('end', () => socket.destroy());
      socket.resume();
    });
    await this.startMonitor();
    return this;
  }

  async startMonitor(): Promise<void> {
    this.#monitor = await server({ path: this.qmpPath }, (socket) => this.#greet(socket));
  }

  stopMonitor(): void {
    this.#monitor?.close();
    for (const socket of this.monitors.splice(0)) socket.destroy();
  }

  /** The guest opens or closes the port with that id; QEMU's device `p1` has our chardev. */
  port(open: boolean, id = 'p1'): void {
    if (id === 'p1') this.isOpen = open;
    this.tell('VSERPORT_CHANGE', { open, id });
  }

  tell(event: string, data: object): void {
    for (const socket of this.monitors) socket.write(`${JSON.stringify({ event, data })}\r\n`);
  }

  get isHeld(): boolean {
    return this.clients.some((socket) => !socket.destroyed);
  }

  #greet(socket: Socket): void {
    this.monitors.push(socket);
    socket.write('{"QMP": {"version": {}, "capabilities": []}}\r\n');
    let held = '';
    socket.on('data', (chunk: Buffer) => {
      const lines = (held + chunk.toString()).split('\n');
      held = lines.pop() as string;
      for (const line of lines) {
        const { execute, arguments: args, id } = JSON.parse(line) as { execute: string; arguments?: { path: string }; id: number };
        socket.write(`${JSON.stringify({ return: this.#answer(execute, args), id })}\r\n`);
      }
    });
  }

  #answer(command: string, args: { path: string } | undefined): unknown {
    if (command === 'qom-get') return args?.path === '/machine/peripheral/p1' ? 'va' : 'other';
    if (command !== 'query-chardev') return {};
    this.looks++;
    const filename = `${this.isHeld ? '' : 'disconnected:'}unix:${this.path},server=on`;
    return [...this.others, { label: 'va', filename, 'frontend-open': this.isOpen }];
  }
}
