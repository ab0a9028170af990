/** GraphQL's image. */

import type { Image } from '../model/images.ts';
import type { ReleaseBehaviour } from '../model/release.ts';

export function imageFields(image: Image, behaviour: ReleaseBehaviour): Record<string, unknown> {
  return {
    id: image.id,
    name: image.name,
    namespace: image.name,
    humanized_name: image.name,
    tag: image.tag,
    registry: image.registry,
    architecture: image.architecture,
    digest: `sha256:${image.id.replaceAll('-', '')}`,
    aliases: image.aliases,
    installed: true,
    labels: [{ key: 'ai.backend.role', value: 'COMPUTE' }],
    // Old releases give an image's labels as they are written, new ones count.
    resource_limits: behaviour.atLeast('24.03')
      ? [
          { key: 'mem', min: '134217728', max: 'Infinity' },
          { key: 'cpu', min: '1', max: 'Infinity' },
        ]
      : [
          { key: 'cpu', min: '1', max: null },
          { key: 'mem', min: '128m', max: null },
        ],
    supported_accelerators: [],
    size_bytes: imageBytes,
  };
}

const imageBytes = 734_003_200;
