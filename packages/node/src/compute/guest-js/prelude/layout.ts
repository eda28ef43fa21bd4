const kept: (readonly object[])[] = []

/**
 * The engine finds the layout of an object's first n fields only while some object has it; else it makes
 * it anew, for several times the price. These are objects that have them: `fields` in the order in which they
 * are written.
 */
export function layoutsOf(prototype: object | null, fields: readonly PropertyKey[]): object[] {
  const objects: object[] = []
  for (let count = 1; count <= fields.length; count++) {
    const object = Object.create(prototype)
    for (const field of fields.slice(0, count)) object[field] = undefined
    objects.push(object)
  }
  return objects
}

/** Keeps them for good: for objects that every message makes. */
export function keepLayout(prototype: object | null, fields: readonly PropertyKey[]): void {
  kept.push(layoutsOf(prototype, fields))
}
