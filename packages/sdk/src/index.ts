export { type ErrorKind, HeddleError, isHeddleError } from '@heddle/protocol/base'
export {
  ethereumSigner,
  type Item,
  type ItemDraft,
  type Signer,
  type Tag,
} from '@heddle/protocol/item'
export {
  type Client,
  type ClientOptions,
  createClient,
  type SpawnInput,
  type UploadInput,
  type UploadRetention,
} from './client.ts'
export type { DaClient, DaStatus, StorersAnswer } from './da/client.ts'
export type { GetInput } from './da/get.ts'
export type { PublishedBlob, PutData, PutInput, StorerFailure } from './da/put.ts'
export { type BlobReference, formatReference, parseReference } from './da/reference.ts'
export { type RegisteredInput, registeredStorers } from './da/registered.ts'
export type { Retention } from './da/retention.ts'
export type { DrawnSample, SampleInput, SampleReport } from './da/sample.ts'
export type { DaOptions } from './da/source.ts'
export { type AnyCertificate, type VerifiedBlob, verifyBlob } from './da/verify.ts'
export { createSignedItem, type ItemSigner } from './item-signer.ts'
export {
  type AddedModel,
  addModel,
  fetchChunk,
  fetchModel,
  type ModelInput,
  type ModelProgress,
  type ModelWork,
  verifyModel,
  type WeightFile,
} from './models.ts'
export type { NodeStatus } from './node-status.ts'
export { signItem } from './post.ts'
export type { MessageInput, ProcessHandle, ReadInput, SlotResult } from './process.ts'
export {
  fetchProvenance,
  type Provenance,
  type ProvenanceItem,
  type ProvenanceLink,
} from './provenance.ts'
export { findReceipt } from './receipts.ts'
export type { ReadResult, SentMessage } from './result.ts'
export type { PageInput, ResultsPage } from './results-page.ts'
export { generateWallet, type Wallet, walletSigner } from './signers.ts'
export type { Download, DownloadInput } from './storage/download.ts'
export type { FoundItem, QueryInput, QueryPage } from './storage/query.ts'
export type { UploadProgress, UploadState } from './storage/upload-parts.ts'
export type { TagInput } from './tags.ts'
export type { Answer, Transport } from './transport.ts'
