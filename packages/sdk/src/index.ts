export { HeddleError, isHeddleError } from '@heddle/protocol/base'
export { ethereumSigner, type Signer, type Tag } from '@heddle/protocol/item'
export {
  type Client,
  type ClientOptions,
  createClient,
  type NodeStatus,
  type SpawnInput,
  type UploadInput,
} from './client.ts'
export type { MessageInput, ProcessHandle, SlotResult, TagInput } from './process.ts'
export type { ReadResult, SentMessage } from './result.ts'
export { generateWallet, type Wallet, walletSigner } from './signers.ts'
