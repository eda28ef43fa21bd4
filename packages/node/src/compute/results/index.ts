export { decodeHead, encodeRecord } from './record.ts'
export { ResultLog } from './result-log.ts'
