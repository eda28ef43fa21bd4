export {
  type BlockHash,
  type BlockHeader,
  blockHeaderBytes,
  blockId,
  type DecodedBlock,
  encodeBlock,
  encodeBlockHeader,
  genesisBlock,
  payloadBytes,
  readBlock,
  readBlockHeader,
} from './block.ts'
export { payloadRoot } from './payload-root.ts'
