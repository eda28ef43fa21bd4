export { ethereumSigner } from '@heddle/protocol/item'
export { blake3 } from './blake3.ts'
export { nodeCrypto } from './crypto.ts'
export { freeMemory } from './free-memory.ts'
export { machineMemoryBytes } from './machine.ts'
export type {
  Cancel,
  Clock,
  Disk,
  File,
  Random,
  Runtime,
  Socket,
  SocketServer,
  Sockets,
  Timer,
} from './ports.ts'
export { createRuntime } from './runtime.ts'
export { Semaphore } from './semaphore.ts'
export { arweaveSigner, ed25519Signer } from './signers.ts'
export { systemSockets } from './socket.ts'
export { threadEnvironment } from './thread-environment.ts'
