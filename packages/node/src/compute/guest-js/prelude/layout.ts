const kept: object[] = []

/**
 * The engine finds the layout of an object's first n fields only while some object has it; else it makes
 * it anew, for several times the price. Objects that every message makes have theirs kept here: `fields`
 * in the order in which they are written.
 */
export function keepLayout(prototype: object | null, fields: readonly PropertyKey[]): void {
  for (let count = 1; count <= fields.length; count++) {
    const object = Object.create(prototype)
    for (const field of fields.slice(0, count)) object[field] = undefined
    kept.push(object)
  }
}
