export {
  type BundleEntry,
  type BundleSlice,
  bundleHeaderBytes,
  bundleItems,
  bundleTags,
  isBundle,
  parseBundle,
  readBundleCount,
  readBundleEntries,
  readBundleSlices,
} from './bundle.ts'
export { createItem } from './create.ts'
export { createItemHeader, type ItemHeader } from './create-header.ts'
export {
  type Item,
  type ItemDraft,
  type Signer,
  type Tag,
  tagValue,
  tagValues,
} from './item.ts'
export { type ItemLimits, itemLimits } from './limits.ts'
export { parseItem } from './parse.ts'
export {
  arweaveType,
  ed25519Type,
  ethereumType,
  solanaType,
  typedEthereumType,
} from './signature-type.ts'
export {
  ethereumSigner,
  portableEd25519Signer,
  solanaSigner,
  typedEthereumSigner,
} from './signers.ts'
export type { DigestedData } from './signing-payload.ts'
export { ownerAddress, verifyItem } from './verify.ts'
