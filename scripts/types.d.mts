/** Writes the declarations that the doors of the libraries reach into the folder `out`. */
export function writeTypes(root: string, out?: string): Promise<void>;
