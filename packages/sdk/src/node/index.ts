export {
  type Answer,
  type ClientOptions,
  ethereumSigner,
  generateWallet,
  HeddleError,
  type Item,
  isHeddleError,
  type MessageInput,
  type NodeStatus,
  type PageInput,
  type ProcessHandle,
  type ReadInput,
  type ReadResult,
  type ResultsPage,
  type SentMessage,
  type Signer,
  type SlotResult,
  type SpawnInput,
  type Tag,
  type TagInput,
  type Transport,
  type UploadInput,
  type Wallet,
  walletSigner,
} from '../index.ts'
export { createClient, type FileSpawnInput, type NodeClient as Client } from './client.ts'
export { readActorSource } from './source.ts'
export { createWalletFile, walletFromFile } from './wallet.ts'
