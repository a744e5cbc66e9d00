//! Cluster profiles: what runs on a cluster, from the operating system upwards.

use sdk_transport::{Error, Pager};

use crate::{
    Client, Metadata, Pack, PackOptions, Reference,
    model::model,
    options::{options, wire_enum},
    request::operations,
};

operations! {
    LIST = POST "/v1/dashboard/clusterprofiles" as "cluster_profile.list" reading;
    GET = GET "/v1/clusterprofiles/{uid}" as "cluster_profile.get";
}

wire_enum! {
    /// What a profile is for. Mirrors `v1ProfileType`.
    pub enum ProfileType {
        /// A whole cluster.
        Cluster = "cluster",
        /// The layers below the add-ons.
        Infra = "infra",
        /// Add-ons.
        AddOn = "add-on",
        /// Palette's own.
        System = "system",
    }
}

model! {
    /// A cluster profile of one version. Mirrors `v1ClusterProfile`.
    pub struct ClusterProfile {
        /// The version of the resource's schema.
        api_version: String,
        /// The kind of resource.
        kind: String,
        /// Name and uid.
        metadata: Metadata,
        /// What it consists of.
        spec: ClusterProfileSpec,
        /// Where it is in use.
        status: ClusterProfileStatus,
    }
}

model! {
    /// What a profile consists of. Mirrors `v1ClusterProfileSpec`.
    pub struct ClusterProfileSpec {
        /// The profile's version, e.g. `1.2.0`.
        version: String,
        /// All versions of the profile.
        versions: Vec<ClusterProfileVersion>,
        /// What clusters get.
        published: Option<ClusterProfileTemplate>,
        /// What is being edited.
        draft: Option<ClusterProfileTemplate>,
    }
}

model! {
    /// A version of a profile and its uid. Mirrors `v1ClusterProfileVersion`.
    pub struct ClusterProfileVersion {
        /// The uid of the profile in that version.
        uid: String,
        /// The version.
        version: String,
    }
}

model! {
    /// The packs of a profile. Mirrors `v1ClusterProfileTemplate`.
    pub struct ClusterProfileTemplate {
        /// The uid.
        uid: String,
        /// The name.
        name: String,
        /// The cloud, e.g. `maas` or `all`.
        cloud_type: String,
        /// What it is for.
        kind: Option<ProfileType> => "type",
        /// The packs, from the lowest layer upwards.
        packs: Vec<Pack>,
        /// The profile's version.
        profile_version: String,
        /// Counts the changes.
        version: i32,
        /// What the copy belongs to.
        related_object: Option<Reference>,
    }
}

model! {
    /// Where a profile is in use. Mirrors `v1ClusterProfileStatus`.
    pub struct ClusterProfileStatus {
        /// Whether it is published.
        is_published: bool,
        /// Whether its values hold macros of the user.
        has_user_macros: bool,
        /// The clusters that use it.
        in_use_clusters: Vec<Reference>,
        /// The uids of the clusters that use it.
        in_use_cluster_uids: Vec<String>,
    }
}

model! {
    /// A profile in a list. Mirrors `v1ClusterProfileSummary`.
    pub struct ClusterProfileSummary {
        /// Name and uid.
        metadata: Metadata,
        /// What it consists of.
        spec: ClusterProfileSpec => "specSummary",
        /// Where it is in use.
        status: ClusterProfileStatus,
    }
}

options! {
    /// Which profiles to list. Mirrors `v1ClusterProfileFilterSpec`.
    pub struct ClusterProfileFilter, new {
        /// Exactly this name.
        name: Option<String> => "filter/profileName/eq",
        /// A part of the name.
        name_contains: Option<String> => "filter/profileName/contains",
        /// Exactly this version.
        version: Option<String> => "filter/version/eq",
        /// The clouds, e.g. `maas`.
        clouds: Vec<String> => "filter/environment",
        /// What they are for.
        kinds: Vec<ProfileType> => "filter/profileType",
        /// With one of these tags.
        tags: Vec<String> => "filter/tags/eq",
    }
}

options! {
    /// A profile on a cluster, with the cluster's own values. Mirrors `v1SpectroClusterProfileEntity`.
    pub struct ProfileOptions {
        /// The profile's uid.
        uid: String => "uid",
        /// The uid of the attached profile that this one replaces: its former version. Without it an update adds the
        /// profile a second time.
        replaces: Option<String> => "replaceWithProfile",
        /// Packs whose values differ from the profile's.
        packs: Vec<PackOptions> => "packValues",
        /// The profile's variables.
        variables: Vec<Variable> => "variables",
    }
}

impl ProfileOptions {
    /// This profile, as it is.
    pub fn new(uid: impl Into<String>) -> Self {
        Self::default().uid(uid)
    }
}

options! {
    /// A variable of a profile. Mirrors `v1SpectroClusterVariable`.
    pub struct Variable, new {
        /// The name.
        name: String => "name",
        /// The value on this cluster.
        value: Option<String> => "value",
    }
}

impl Client {
    /// Cluster profiles.
    pub fn cluster_profiles(&self) -> ClusterProfiles {
        ClusterProfiles {
            client: self.clone(),
        }
    }

    /// One cluster profile.
    pub fn cluster_profile(&self, uid: impl Into<String>) -> ClusterProfileHandle {
        ClusterProfileHandle {
            client: self.clone(),
            uid: uid.into(),
        }
    }
}

/// Calls on cluster profiles.
#[derive(Clone, Debug)]
pub struct ClusterProfiles {
    client: Client,
}

impl ClusterProfiles {
    /// The profiles, page by page. Mirrors `POST /v1/dashboard/clusterprofiles`.
    pub fn list(&self, filter: &ClusterProfileFilter) -> Pager<ClusterProfileSummary> {
        self.client.pages(LIST.at(&[]).input(filter))
    }

    /// The profile with exactly this name and, if given, this version; without one, any version of it.
    ///
    /// A list shows one version of a profile and names the others, so that the version's own uid is taken from there.
    ///
    /// # Errors
    /// As any call.
    pub async fn find(
        &self,
        name: &str,
        version: Option<&str>,
    ) -> Result<Option<ClusterProfile>, Error> {
        let filter = ClusterProfileFilter::default().name(name);
        let found = self.list(&filter).collect_all().await?.complete()?;
        let uid = found
            .iter()
            .filter(|profile| profile.metadata.name == name)
            .find_map(|profile| match version {
                Some(version) => profile.uid_of(version),
                None => Some(profile.metadata.uid.as_str()),
            });
        match uid {
            Some(uid) => self.client.cluster_profile(uid).get().await.map(Some),
            None => Ok(None),
        }
    }
}

impl ClusterProfileSummary {
    /// The uid of the profile in this version.
    pub fn uid_of(&self, version: &str) -> Option<&str> {
        if self.spec.version == version {
            return Some(&self.metadata.uid);
        }
        self.spec
            .versions
            .iter()
            .find(|other| other.version == version)
            .map(|other| other.uid.as_str())
    }
}

/// Calls on one cluster profile.
#[derive(Clone, Debug)]
pub struct ClusterProfileHandle {
    client: Client,
    uid: String,
}

impl ClusterProfileHandle {
    /// The profile with its packs. Mirrors `GET /v1/clusterprofiles/{uid}`.
    ///
    /// # Errors
    /// [`NotFound`](sdk_transport::ErrorKind::NotFound) and as any call.
    pub async fn get(&self) -> Result<ClusterProfile, Error> {
        self.client.json(GET.at(&[&self.uid])).await
    }
}
