import { errorMessage, isHeddleError } from '@heddle/protocol/base'
import { gasTable } from '@heddle/protocol/params'
import { decodeReply } from '../decode-reply.ts'
import { guestFault, guestMessageTooLarge } from '../errors.ts'
import type { GuestContext } from '../ports.ts'
import { seededChance } from './chance.ts'
import { DriveFiles } from './drive-files.ts'
import { address, type Host, memoryView, stringBytes, touch } from './host.ts'
import { joinFiles, ModelFiles } from './model-files.ts'
import { runSuspendable } from './suspension.ts'

/**
 * Where clocks stand until the first message is done. The reference host starts there too, and Lua
 * seeds its hashes from it at boot, so only then are the memories alike.
 */
export const bootClockMs = 10_000
/** Stack the message may not use up, left for the module's own frames; half of a small stack. */
const stackReserveBytes = 65_536

/** The words a checked emscripten build puts at the end of the stack and at address 0. */
const stackCookie = [0x0213_5467, 0x89ba_cdfe] as const
const zeroCookie = 0x6373_6d65

/** Runs the module's constructors, and the `main` of an older one, as after loading. */
export function initialise(host: Host, runsMain: boolean): void {
  try {
    host.numeric.emscripten_stack_init?.()
    if (host.stackFloor === undefined) writeCookies(host)
    host.numeric.__wasm_call_ctors?.()
    if (runsMain) host.numeric.main?.(0, 0)
    if (host.suspension.phase !== 'none') throw guestFault('it suspended before its first message')
  } catch (error) {
    if (host.fault !== undefined) throw host.fault
    const reason = host.meter?.reasonOf(error).message ?? errorMessage(error)
    throw guestFault(`it did not start: ${reason}`, error)
  }
}

function writeCookies(host: Host): void {
  const view = memoryView(host)
  const end = stackEnd(host)
  touch(host, end, 8)
  view.setUint32(end, stackCookie[0], true)
  view.setUint32(end + 4, stackCookie[1], true)
  touch(host, 0, 4)
  view.setUint32(0, zeroCookie, true)
}

function stackEnd(host: Host): number {
  if (host.stackFloor !== undefined) return host.stackFloor
  return address(host, host.numeric.emscripten_stack_get_end?.() ?? 0) || 4
}

/** Makes clocks and chance those of a message; until the first one is done, those of the boot. */
export function prepareMessage(host: Host, context: GuestContext, booted: boolean): void {
  host.clockMs = booted ? context.timestampMs : bootClockMs
  host.chance = seededChance(context.seed)
  const { drive, calls } = host
  calls?.begin(context.seed)
  host.files = joinFiles([
    ...(drive === undefined ? [] : [new DriveFiles(drive, context.slot ?? 0)]),
    ...(calls === undefined ? [] : [new ModelFiles(calls)]),
  ])
  host.suspension = { phase: 'none', data: 0 }
  host.upperHalf = 0
  host.fault = undefined
}

/**
 * Calls the module's `handle` with texts on its stack, leaving in memory what the reference host
 * would. `onFault` is called before a `guest-fault` or `guest-host-failure` is thrown, after
 * which memory is no state of the process; `guest-message-too-large` leaves it untouched.
 */
export function callHandle(
  host: Host,
  { messageJson, environmentJson }: { messageJson: string; environmentJson: string },
  onFault: () => void,
): string {
  const { numeric } = host
  const stack = address(host, numeric.emscripten_stack_get_current?.() ?? 0)
  const needed = Buffer.byteLength(messageJson) + Buffer.byteLength(environmentJson) + 34
  const free = stack - stackEnd(host)
  if (needed + Math.min(stackReserveBytes, free / 2) > free)
    throw guestMessageTooLarge(needed, free)
  try {
    host.meter?.charge(needed / gasTable.bulkBytesPerGas)
    const message = pushText(host, messageJson)
    const environment = pushText(host, environmentJson)
    const handle = numeric.handle as (message: number, environment: number) => number
    const result = runSuspendable(
      host,
      () => handle(message, environment),
      () => handle(0, 0),
    )
    if (host.fault) throw host.fault
    if (host.suspension.phase !== 'none') throw guestFault('it did not come back from an unwind')
    checkStack(host)
    const overdraft = host.meter?.overdraft()
    if (overdraft !== undefined) throw overdraft
    if (result === 0) throw guestFault('handle returned nothing')
    const text = decodeReply(stringBytes(host, address(host, result)))
    numeric._emscripten_stack_restore?.(stack)
    return text
  } catch (error) {
    onFault()
    if (host.fault) throw host.fault
    if (host.meter !== undefined) throw host.meter.reasonOf(error)
    throw isHeddleError(error) ? error : guestFault(errorMessage(error), error)
  }
}

/** NUL-terminated UTF-8 on the guest's stack, as the reference host passes strings. */
function pushText(host: Host, text: string): number {
  const bytes = Buffer.byteLength(text)
  const at = address(host, host.numeric._emscripten_stack_alloc?.(bytes + 1) ?? 0)
  const memory = Buffer.from(host.memory.buffer)
  touch(host, at, bytes + 1)
  memory.write(text, at, bytes, 'utf8')
  memory[at + bytes] = 0
  return at
}

function checkStack(host: Host): void {
  if (host.stackFloor !== undefined) return
  const view = memoryView(host)
  const end = stackEnd(host)
  const intact =
    view.getUint32(end, true) === stackCookie[0] && view.getUint32(end + 4, true) === stackCookie[1]
  if (!intact) throw guestFault('its stack overflowed')
}
