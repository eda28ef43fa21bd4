export type {
  AuditFault,
  AuditReport,
  CollectReport,
  OfferedChunk,
  ProvenBytes,
  Store,
  StoredData,
  StoreStatus,
  WriteOptions,
} from './face.ts'
export type { StoreOptions } from './options.ts'
export type { StoreDeps } from './ports.ts'
export type { Damage } from './recover.ts'
export { dropStoreIndex, openStore } from './store.ts'
