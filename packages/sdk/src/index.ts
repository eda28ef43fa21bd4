export { HeddleError, isHeddleError } from '@heddle/protocol/base'
export { ethereumSigner, type Item, type Signer, type Tag } from '@heddle/protocol/item'
export {
  type Client,
  type ClientOptions,
  createClient,
  type SpawnInput,
  type UploadInput,
} from './client.ts'
export type { NodeStatus } from './node-status.ts'
export type { MessageInput, ProcessHandle, ReadInput, SlotResult } from './process.ts'
export type { ReadResult, SentMessage } from './result.ts'
export type { PageInput, ResultsPage } from './results-page.ts'
export { generateWallet, type Wallet, walletSigner } from './signers.ts'
export type { TagInput } from './tags.ts'
export type { Answer, Transport } from './transport.ts'
