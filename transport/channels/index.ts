export type { Channel } from './channel.ts';
export { childChannel, type ChildOptions } from './child.ts';
export type { ListenChannel } from './listen.ts';
export { memoryPair } from './memory-pair.ts';
export { channelNames, openChannel, type ChannelName, type ChannelSpec } from './open.ts';
export { stdioChannel } from './stdio.ts';
export { streamChannel } from './stream.ts';
export { tcpConnect, tcpListen, type TcpAddress } from './tcp.ts';
export { unixConnect, unixListen, type UnixListenOptions } from './unix.ts';
