import { guestMustSuspend } from '../errors.ts'
import { address, endGuest, type Host, memoryView, touch, writePointer } from './host.ts'

/**
 * Binaryen's asyncify lets a module give control back in the middle of a call and go on later.
 * WeaveDrive opens suspend that way in the reference host even where there is no drive. Here the
 * guest goes on at once, but through the same steps with the same 40 MiB record, as they
 * leave traces in memory, which must be the reference's byte for byte.
 */
const stackBytes = 41_943_040

/** Returns `value` to the guest by way of an unwind and a rewind, or directly without asyncify. */
export function returnSuspended(host: Host, value: number): number {
  if (host.direct) throw endGuest(host, guestMustSuspend())
  const { suspension, numeric } = host
  if (suspension.phase === 'rewinding') {
    numeric.asyncify_stop_rewind?.()
    numeric.free?.(suspension.data)
    host.suspension = { phase: 'none', data: 0 }
    return value
  }
  if (!numeric.asyncify_start_unwind || !numeric.malloc || !numeric.free) return value
  const headerBytes = host.pointerBytes === 4 ? 12 : 24
  const data = address(host, numeric.malloc(headerBytes + stackBytes))
  if (data === 0) return value
  // Record: next free byte, end, then the number of the function to rewind, which is always 0.
  const view = memoryView(host)
  writePointer(host, view, data, data + headerBytes)
  writePointer(host, view, data + host.pointerBytes, data + headerBytes + stackBytes)
  touch(host, data + 2 * host.pointerBytes, 4)
  view.setInt32(data + 2 * host.pointerBytes, 0, true)
  host.suspension = { phase: 'unwinding', data }
  numeric.asyncify_start_unwind(data)
  return 0
}

/** Calls `run`, and again as long as it unwound: its frames come back from the record. */
export function runSuspendable(host: Host, run: () => number, again: () => number): number {
  let result = run()
  while (host.suspension.phase === 'unwinding') {
    host.numeric.asyncify_stop_unwind?.()
    host.suspension = { phase: 'rewinding', data: host.suspension.data }
    host.numeric.asyncify_start_rewind?.(host.suspension.data)
    result = again()
  }
  return result
}
