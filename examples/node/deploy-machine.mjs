// Deploys a machine and gives it back, on a simulated MAAS.
//
//     node deploy-machine.mjs
//
// With MAAS_URL and MAAS_API_KEY set it talks to that server instead.
import { maas, testbed, PaletteMaasError } from 'palette-maas';

const bed = process.env.MAAS_URL ? undefined : await testbed.start({ speed: 2000 });
const client = bed
  ? new maas.Client({ url: bed.maasUrl, apiKey: bed.maasApiKey, clock: bed.clock })
  : new maas.Client();

try {
  console.log(`MAAS ${(await client.version()).version} as ${(await client.whoami()).username}`);
  const machine = await client.machines.allocate({ min_cpu: 4, min_memory_mib: 8192, architecture: 'amd64' });
  console.log(`allocated ${machine.hostname}: ${machine.cpu_count} cores, ${machine.memory} MiB, zone ${machine.zone?.name}`);

  const handle = client.machine(machine.system_id);
  await handle.deploy({ distro_series: 'jammy', user_data: '#cloud-config\npackages: [htop]\n' });
  const deployed = await handle.waitDeployed({
    timeoutMs: 40 * 60_000,
    onProgress: ({ state, changed }) => changed && console.log(`  ${state}`),
  });
  console.log(`${deployed.hostname} is ${deployed.status_name}`);

  await handle.release({ comment: 'example' });
  await handle.waitReleased();
  console.log(`${deployed.hostname} is given back`);
} catch (error) {
  if (!(error instanceof PaletteMaasError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await bed?.stop();
}
