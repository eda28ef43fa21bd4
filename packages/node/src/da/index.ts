export { type Availability, createAvailability } from './availability.ts'
export { openBlake3 } from './blake3.ts'
export { blsSigner, nativeBls } from './bls.ts'
export { nativeCommitment, nativeSha256 } from './commitment-engine.ts'
export { DisperserRole } from './disperser/disperser.ts'
export { encodeBlob } from './disperser/encode.ts'
export { openEngines } from './engines.ts'
export { openErasureEngine, type WasmErasure } from './erasure-engine.ts'
export { openCertificateStore } from './http/certificate-store.ts'
export type { CertificateStore, Publisher } from './http/ports.ts'
export { daRoutes } from './http/routes.ts'
export { loadErasureKernel } from './kernel.ts'
export { openLane, type StorerAddress } from './lane/bulk-lane.ts'
export { addressesOf, readDirectory, writeDirectory } from './lane/directory.ts'
export type { Lane, LaneHandler } from './lane/lane.ts'
export {
  keptSecret,
  loadLaneKey,
  loadStorerKeys,
  registrationOf,
  type StorerKeys,
} from './lane/storer-keys.ts'
export { type LogAvailability, LogCertifier } from './log/certifier.ts'
export { type CertifiedRange, encodeRange, rangesFromJson } from './log/range.ts'
export { recoverLog } from './log/recover.ts'
export { repairStorer } from './retriever/repair.ts'
export { createRetriever, type Retriever } from './retriever/retriever.ts'
export { StorerRole } from './storer/storer.ts'
