/**
 * Messages that ask for whatever could differ between two machines: clocks, chance, bits of NaN,
 * orders of tables, collections of garbage, failures in all their forms.
 */

/** Source of the `js` actor. */
export const jsSource = `
  globalThis.seen = new Map()
  globalThis.count = 0
  globalThis.bits = x => [...new Uint8Array(new Float64Array([x]).buffer)].join('.')
  on('Nothing', () => {})`

/** Evaluated one after another, over and over. */
export const jsSources: readonly string[] = [
  'count += 1; [count, Math.random(), Date.now(), String(new Date())].join(" ")',
  '[0 / 0, -(0 / 0), Infinity - Infinity, Math.sqrt(-1), NaN + 1].map(bits).join(" ")',
  'const f = new Float32Array([0 / 0, -(0 / 0)]); [...new Uint8Array(f.buffer)].join(".")',
  'seen.set("k" + seen.size, "é".repeat(100)); seen.size',
  'throw new Error("no " + count)',
  '[Math.sin(count), Math.exp(count / 7), Math.pow(1.1, count), Math.tan(1e9 + count)].join(" ")',
  'send({ target: "T".repeat(43), data: String(count), tags: { N: String(count) } }); "sent"',
  'let text = ""; for (let i = 0; i < 2000; i++) text += i; globalThis.kept = ' +
    'text.slice(-50); kept.length',
  'Array.from({ length: 50 }, () => Math.random()).sort().join(",")',
  'seen.size > 30 && seen.clear(); JSON.stringify([...seen.keys()])',
  'not code at all',
  'let x = 0.1; for (let i = 0; i < 500; i++) x = x * 3.7 * (1 - x); x',
  'const v = new DataView(new ArrayBuffer(8)); v.setUint32(4, 0x7ff80123, true); const y = ' +
    'v.getFloat64(0, true); bits(y + y) + " " + bits(y * -1)',
]

export const aosSources: readonly string[] = [
  'Count = (Count or 0) + 1; return Count .. " " .. math.random() .. " " .. os.time()',
  'return os.clock() .. " " .. os.date("%c")',
  'local s = string.pack("d", 0/0) .. string.pack("d", -(0/0)) .. string.pack("f", math.huge ' +
    '- math.huge); return (s:gsub(".", function(c) return string.format("%02x", c:byte()) end))',
  'T = T or {}; for i = 1, 300 do T[#T + 1] = tostring(i) .. string.rep("x", i % 40) end; ' +
    'return #T',
  'error("on purpose")',
  'return string.format("%.17g %.17g %.17g", math.sin(Count or 1), math.exp(0.7), (Count or ' +
    '1) ^ 1.7)',
  'ao.send({ Target = ao.id, Data = tostring(Count), Action = "Note" }); return "sent"',
  'for i = 1, 200 do T[i] = nil end; collectgarbage(); return #table.concat(T or {}, ",", 201)',
  'local k = {}; for name in pairs(_G) do k[#k + 1] = name end; return table.concat(k, ",")',
  'return tostring(pcall(error, { code = 1 })) .. tostring({}) ',
  'this is not lua',
  'local x = 0.1; for i = 1, 500 do x = x * 3.7 * (1 - x) end; return string.format("%a", x)',
  'local y = string.unpack("d", string.pack("I4I4", 1, 0x7ff80123)); local z = ' +
    'string.unpack("d", string.pack("I4I4", 7, 0xfff80456)); return (string.pack("dd", y + z, ' +
    'z * y):gsub(".", function(c) return string.format("%02x", c:byte()) end))',
]
