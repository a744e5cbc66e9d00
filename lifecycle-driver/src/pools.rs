//! Node pools in the terms that a document and Palette share: what to send, and what differs.

use std::collections::{BTreeMap, BTreeSet};

use lifecycle_core::spec::{
    Arch, ClusterDocument, ControlPlaneDocument, MachineRequirements, WorkerPoolDocument,
};
use lifecycle_core::{Pct, PoolRole, PoolSpec, Strategy, Taint};
use palette_client::{
    Architecture, NodePool, NodePoolOptions, SkipKubernetesUpgrade, TaintEffect, TaintOptions,
    UpdateStrategyType,
};

/// A node pool as a document asks for it or as Palette has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PoolShape {
    pub(crate) name: String,
    pub(crate) is_control_plane: bool,
    pub(crate) size: u32,
    pub(crate) allow_workloads: bool,
    pub(crate) template: Template,
    pub(crate) strategy: Strategy,
    pub(crate) repave_interval_s: u32,
    pub(crate) skip_update: bool,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) taints: BTreeSet<(String, String, String)>,
}

/// That part of a pool whose change replaces its nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    pub(crate) resource_pool: String,
    pub(crate) zones: BTreeSet<String>,
    pub(crate) tags: BTreeSet<String>,
    pub(crate) min_cpu: u32,
    pub(crate) min_memory_mib: u32,
    pub(crate) min_disk_gib: u32,
    pub(crate) is_arm: bool,
}

/// The pools of a document, the control plane first.
pub(crate) fn of_document(document: &ClusterDocument) -> Vec<PoolShape> {
    std::iter::once(control_plane(&document.control_plane))
        .chain(document.workers.iter().map(worker))
        .collect()
}

fn control_plane(pool: &ControlPlaneDocument) -> PoolShape {
    PoolShape {
        name: pool.name.clone(),
        is_control_plane: true,
        size: pool.size,
        allow_workloads: pool.allow_workloads,
        template: template(&pool.machines),
        strategy: pool.rolling_update,
        repave_interval_s: 0,
        skip_update: false,
        labels: pool.labels.clone(),
        taints: taints(&pool.taints),
    }
}

fn worker(pool: &WorkerPoolDocument) -> PoolShape {
    PoolShape {
        name: pool.name.clone(),
        is_control_plane: false,
        size: pool.size,
        allow_workloads: false,
        template: template(&pool.machines),
        strategy: pool.rolling_update,
        repave_interval_s: pool.node_repave_interval_s,
        skip_update: pool.skip_update,
        labels: pool.labels.clone(),
        taints: taints(&pool.taints),
    }
}

fn template(machines: &MachineRequirements) -> Template {
    Template {
        resource_pool: machines.resource_pool.clone(),
        zones: machines.availability_zones.iter().cloned().collect(),
        tags: machines.tags.iter().cloned().collect(),
        min_cpu: machines.min_cpu,
        min_memory_mib: machines.min_memory_mib,
        min_disk_gib: gib_of_gb(machines.min_disk_gb),
        is_arm: machines.arch == Arch::Arm64,
    }
}

/// Disks are counted in 10⁹ bytes by MAAS and in GiB by Palette. Rounded down: what fits by MAAS's count must fit by Palette's.
fn gib_of_gb(gb: u32) -> u32 {
    u32::try_from(u64::from(gb) * 1_000_000_000 / (1 << 30)).unwrap_or(u32::MAX)
}

fn gb_of_gib(gib: u32) -> u32 {
    u32::try_from((u64::from(gib) << 30).div_ceil(1_000_000_000)).unwrap_or(u32::MAX)
}

fn taints(taints: &[Taint]) -> BTreeSet<(String, String, String)> {
    taints
        .iter()
        .map(|taint| {
            (
                taint.key.clone(),
                taint.value.clone().unwrap_or_default(),
                taint.effect.clone(),
            )
        })
        .collect()
}

/// A pool as Palette has it.
pub(crate) fn of_palette(pool: &NodePool) -> PoolShape {
    let strategy = pool.update_strategy.clone().unwrap_or_default();
    let share = |text: &Option<String>| {
        text.as_deref()
            .and_then(|t| t.parse().ok())
            .unwrap_or(Pct::Count(0))
    };
    let properties = pool.machine_pool_properties.as_ref();
    PoolShape {
        name: pool.name.clone(),
        is_control_plane: pool.is_control_plane,
        size: pool.size,
        allow_workloads: pool.is_control_plane && pool.workers_on_control_plane,
        template: Template {
            resource_pool: pool.resource_pool.clone(),
            zones: pool.azs.iter().cloned().collect(),
            tags: pool.tags.iter().cloned().collect(),
            min_cpu: pool.instance_type.min_cpu.unwrap_or(0),
            min_memory_mib: pool.instance_type.min_memory_mib.unwrap_or(0),
            min_disk_gib: pool.instance_type.min_disk_gib.unwrap_or(0),
            is_arm: properties.and_then(|p| p.arch_type.as_ref()) == Some(&Architecture::Arm64),
        },
        strategy: match strategy.kind {
            Some(UpdateStrategyType::ContractFirst) => Strategy::ContractFirst,
            Some(UpdateStrategyType::Custom) => Strategy::Custom {
                max_surge: share(&strategy.max_surge),
                max_unavailable: share(&strategy.max_unavailable),
            },
            _ => Strategy::ExpandFirst,
        },
        repave_interval_s: pool.node_repave_interval.unwrap_or(0),
        skip_update: pool.skip_kubernetes_upgrade == Some(SkipKubernetesUpgrade::Enabled),
        labels: pool.additional_labels.clone(),
        taints: pool
            .taints
            .iter()
            .map(|taint| {
                let effect = taint
                    .effect
                    .as_ref()
                    .map(TaintEffect::as_str)
                    .unwrap_or_default();
                (taint.key.clone(), taint.value.clone(), effect.to_owned())
            })
            .collect(),
    }
}

impl PoolShape {
    /// As the engine plans with it.
    pub(crate) fn to_spec(&self) -> PoolSpec {
        let role = if self.is_control_plane {
            PoolRole::ControlPlane
        } else {
            PoolRole::Worker
        };
        let mut spec = PoolSpec::new(&self.name, role, self.size);
        self.overlay(&mut spec);
        spec
    }

    /// Puts what Palette knows of a pool in the place of what `spec` says.
    pub(crate) fn overlay(&self, spec: &mut PoolSpec) {
        let template = &self.template;
        spec.size = self.size;
        spec.strategy = self.strategy;
        spec.node_repave_interval_s = self.repave_interval_s;
        spec.skip_update = self.skip_update;
        spec.resource_pool.clone_from(&template.resource_pool);
        spec.azs = template.zones.iter().cloned().collect();
        spec.tags = template.tags.iter().cloned().collect();
        spec.min_cpu = template.min_cpu.max(1);
        spec.min_mem_mib = template.min_memory_mib;
        if gib_of_gb(spec.min_disk_gb) != template.min_disk_gib {
            spec.min_disk_gb = gb_of_gib(template.min_disk_gib);
        }
        spec.arch = Some(
            if template.is_arm {
                Arch::Arm64
            } else {
                Arch::Amd64
            }
            .maas_name()
            .to_owned(),
        );
        spec.allow_workloads = self.allow_workloads;
        spec.labels.clone_from(&self.labels);
        spec.taints = self
            .taints
            .iter()
            .map(|(key, value, effect)| Taint {
                key: key.clone(),
                value: Some(value.clone()).filter(|value| !value.is_empty()),
                effect: effect.clone(),
            })
            .collect();
    }

    /// As Palette takes it: `base` keeps what a document does not speak of.
    pub(crate) fn to_options(&self, base: NodePoolOptions) -> NodePoolOptions {
        let template = &self.template;
        let mut options = base
            .name(&self.name)
            .size(self.size)
            .resource_pool(&template.resource_pool)
            .zones(&template.zones)
            .tags(&template.tags)
            .min_cpu(template.min_cpu)
            .min_memory_mib(template.min_memory_mib)
            .control_plane(self.is_control_plane)
            .workers_on_control_plane(self.allow_workloads)
            .node_labels(&self.labels);
        options.min_disk_gib = Some(template.min_disk_gib).filter(|gib| *gib > 0);
        options.architecture = template.is_arm.then_some(Architecture::Arm64);
        (options.max_surge, options.max_unavailable) = (None, None);
        options.update_strategy = Some(match self.strategy {
            Strategy::ExpandFirst => UpdateStrategyType::ExpandFirst,
            Strategy::ContractFirst => UpdateStrategyType::ContractFirst,
            Strategy::Custom {
                max_surge,
                max_unavailable,
            } => {
                options.max_surge = Some(max_surge.to_string());
                options.max_unavailable = Some(max_unavailable.to_string());
                UpdateStrategyType::Custom
            }
        });
        if !self.is_control_plane {
            options.node_repave_interval = Some(self.repave_interval_s);
            options.skip_kubernetes_upgrade = Some(if self.skip_update {
                SkipKubernetesUpgrade::Enabled
            } else {
                SkipKubernetesUpgrade::Disabled
            });
        }
        options.taints = self
            .taints
            .iter()
            .map(|(key, value, effect)| {
                let taint = TaintOptions::default()
                    .key(key)
                    .effect(TaintEffect::from(effect.as_str()));
                if value.is_empty() {
                    taint
                } else {
                    taint.value(value)
                }
            })
            .collect();
        options
    }
}
