/**
 * Runs something that makes `style` elements of its own, which the page's policy refuses. They become
 * constructed style sheets, which are script's work like any other and which the policy allows; a
 * sheet goes when its element is removed. Elements must be made before `run` returns.
 */
export function withStyleSheets<T>(run: () => T): T {
  const create = document.createElement.bind(document)
  Object.defineProperty(document, 'createElement', {
    configurable: true,
    value: (name: string, options?: ElementCreationOptions) =>
      name === 'style' ? styleStandIn(create) : create(name, options),
  })
  try {
    return run()
  } finally {
    // The own property hides the one all documents share.
    Reflect.deleteProperty(document, 'createElement')
  }
}

function styleStandIn(create: (name: string) => HTMLElement): HTMLElement {
  const sheet = new CSSStyleSheet()
  const element = create('span')
  element.hidden = true
  document.adoptedStyleSheets.push(sheet)
  let text = ''
  Object.defineProperty(element, 'textContent', {
    get: () => text,
    set: (next: string) => {
      text = next
      sheet.replaceSync(next)
    },
  })
  element.remove = () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== sheet)
    Element.prototype.remove.call(element)
  }
  return element
}
