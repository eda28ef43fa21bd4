import { HeddleError } from '@heddle/protocol/base'

/** A query parameter is out of its bounds. */
export function explorerQueryInvalid(what: string): HeddleError {
  return new HeddleError('explorer-query-invalid', 'invalid', what)
}

/** No log here has this process. */
export function explorerProcessUnknown(processId: string): HeddleError {
  const text = `unknown process ${processId}: this node does not schedule it`
  return new HeddleError('unknown-process', 'missing', text, { processId })
}

/** Too many pages watch at once. */
export function feedBusy(readersMax: number): HeddleError {
  const text = `${readersMax} feeds are open, which is the limit: close a page and try again`
  return new HeddleError('feed-busy', 'unavailable', text, { readersMax })
}
