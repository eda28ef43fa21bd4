/** Where the order model, its dataset and the record of its training lie. */
export const modelFolder = new URL('../models/order-tools/', import.meta.url)
