import { calendarFromSeconds } from './calendar.ts'
import { address, type Host, type HostFunction, memoryBytes, memoryView, touch } from './host.ts'
import { timeImports, writeTime } from './time-imports.ts'

/** What older emscripten releases import and newer ones do without, or call with other arguments. */
export const legacyImports: Readonly<Record<string, HostFunction>> = {
  'env._gmtime_js:pointer': breakDownPointed,
  'env._localtime_js:pointer': breakDownPointedLocal,
  'env._tzset_js:names': setZoneNames,
  'env.getTempRet0': (host) => host.upperHalf,
  'env.setTempRet0': (host, value = 0) => {
    host.upperHalf = value
    return undefined
  },
  // Nothing can be linked while the module runs: it is told that there is no such library.
  'env._dlinit': () => 0,
  'env._dlopen_js': () => 0,
  'env._dlsym_js': () => 0,
  // Its calls were taken out when it was compiled; a reference to it in a table may be left.
  'metering.usegas': () => undefined,
}

function secondsAt(host: Host, pointer: number): number {
  return memoryView(host).getInt32(address(host, pointer), true)
}

function breakDownPointed(host: Host, time: number, to: number): undefined {
  writeTime(host, address(host, to), calendarFromSeconds(secondsAt(host, time)))
}

function breakDownPointedLocal(host: Host, time: number, to: number): undefined {
  timeImports['env._localtime_js']?.(host, secondsAt(host, time), to)
}

/**
 * The zone's names are strings the host makes with the module's `malloc`, once: whether it did is what the
 * module's memory says, as nothing outside it lasts.
 */
function setZoneNames(host: Host, zone: number, daylight: number, names: number): undefined {
  const at = address(host, names)
  touch(host, address(host, zone), 4)
  touch(host, address(host, daylight), 4)
  memoryView(host).setInt32(address(host, zone), 0, true)
  memoryView(host).setInt32(address(host, daylight), 0, true)
  if (memoryView(host).getUint32(at, true) !== 0) return
  const text = address(host, host.numeric.malloc?.(4) ?? 0)
  if (text === 0) return
  touch(host, text, 4)
  touch(host, at, 8)
  memoryBytes(host).set([0x55, 0x54, 0x43, 0], text)
  memoryView(host).setUint32(at, text, true)
  memoryView(host).setUint32(at + 4, text, true)
}
