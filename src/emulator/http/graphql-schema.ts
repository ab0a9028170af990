/** The part of the manager's GraphQL schema that clients of sessions use; fields come and go with releases. */

import { buildSchema, type GraphQLSchema } from 'graphql';
import type { ReleaseBehaviour } from '../model/release.ts';

type Since = (release: string, field: string) => string;

export function sessionSchema(behaviour: ReleaseBehaviour): GraphQLSchema {
  const since: Since = (release, field) => (behaviour.atLeast(release) ? field : '');
  return buildSchema(queryTypes(since) + sessionTypes(since) + otherTypes(since));
}

function queryTypes(since: Since): string {
  return `
    schema { query: Queries }
    scalar UUID
    scalar DateTime
    scalar JSONString
    scalar BigInt

    type Queries {
      compute_session_list(limit: Int!, offset: Int!, filter: String, order: String, domain_name: String,
        group_id: String, access_key: String, status: String): ComputeSessionList
      compute_session(id: UUID!): ComputeSession
      keypair(domain_name: String, access_key: String): KeyPair
      agent_summary_list(limit: Int!, offset: Int!, filter: String, order: String, scaling_group: String,
        status: String): AgentSummaryList
      user(domain_name: String, email: String): User
      images(is_installed: Boolean, is_operation: Boolean ${since('24.03.8', ', load_filters: [String]')}): [Image]
      image(id: String, reference: String, architecture: String): Image
    }

  `;
}

function sessionTypes(since: Since): string {
  return `
    type ComputeSessionList { items: [ComputeSession]! total_count: Int! }

    type ComputeSession {
      id: UUID session_id: UUID name: String type: String tag: String main_kernel_id: UUID main_kernel_role: String
      image: String architecture: String registry: String cluster_template: String cluster_mode: String
      cluster_size: Int domain_name: String group_name: String group_id: UUID user_email: String full_name: String
      user_id: UUID access_key: String created_user_email: String created_user_id: UUID
      status: String status_changed: DateTime status_info: String status_data: JSONString status_history: JSONString
      created_at: DateTime terminated_at: DateTime starts_at: DateTime scheduled_at: DateTime
      startup_command: String result: String resource_opts: JSONString scaling_group: String
      service_ports: JSONString mounts: [String] occupying_slots: JSONString occupied_slots: JSONString
      num_queries: BigInt idle_checks: JSONString
      containers: [ComputeContainer] dependencies: [ComputeSession]
      ${since('24.03', 'requested_slots: JSONString vfolder_mounts: [String]')}
      ${since('24.09', 'priority: Int')}
    }

    type ComputeContainer {
      id: UUID idx: Int role: String hostname: String session_id: UUID cluster_role: String cluster_idx: Int
      cluster_hostname: String image: String architecture: String registry: String status: String
      status_changed: DateTime status_info: String status_data: JSONString created_at: DateTime
      terminated_at: DateTime agent: String agent_addr: String container_id: String resource_opts: JSONString
      occupied_slots: JSONString live_stat: JSONString last_stat: JSONString preopen_ports: [Int]
    }

  `;
}

function otherTypes(since: Since): string {
  return `
    type KeyPair {
      user_id: String access_key: String secret_key: String is_active: Boolean is_admin: Boolean
      resource_policy: String created_at: DateTime rate_limit: Int num_queries: Int user: UUID projects: [String]
      ssh_public_key: String concurrency_used: Int
    }

    type User {
      uuid: UUID username: String email: String full_name: String is_active: Boolean status: String
      domain_name: String role: String groups: [UserGroup] main_access_key: String
    }
    type UserGroup { id: UUID name: String }

    type AgentSummaryList { items: [AgentSummary]! total_count: Int! }
    type AgentSummary {
      id: ID status: String scaling_group: String schedulable: Boolean available_slots: JSONString
      occupied_slots: JSONString architecture: String
    }

    type KVPair { key: String value: String }
    type ResourceLimit { key: String min: String max: String }
    type Image {
      id: UUID name: String humanized_name: String tag: String registry: String architecture: String digest: String
      aliases: [String] installed: Boolean labels: [KVPair] resource_limits: [ResourceLimit]
      supported_accelerators: [String] size_bytes: BigInt
      ${since('24.12', 'namespace: String')}
    }
  `;
}
