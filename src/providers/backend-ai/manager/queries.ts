/** The GraphQL bai sends; fields that exist from 23.09 to 26.9. */

const summaryFields =
  'session_id name type status status_info image access_key group_name scaling_group cluster_size created_at terminated_at service_ports';

export const listQuery = `query($limit:Int!,$offset:Int!,$ak:String,$status:String,$filter:String){
  compute_session_list(limit:$limit,offset:$offset,access_key:$ak,status:$status,filter:$filter,order:"-created_at"){
    total_count items{ ${summaryFields} occupying_slots idle_checks }
  }
}`;

/** Who has which name; `filter` is the manager's own small language. */
export const namesQuery = `query($ak:String,$filter:String){
  compute_session_list(limit:10,offset:0,access_key:$ak,filter:$filter,order:"-created_at"){
    items{ session_id name status }
  }
}`;

/** What the caller is in. */
export const memberQuery = 'query{ user{ domain_name groups{ id name } } }';

export const detailsQuery = `query($id:UUID!){
  compute_session(id:$id){
    ${summaryFields} occupying_slots status_data idle_checks result mounts
    containers{ id cluster_hostname cluster_role status agent }
  }
}`;

export const imagesQuery = `query{
  images(is_operation:false){
    name tag registry architecture installed aliases size_bytes resource_limits{ key min }
  }
}`;

/** What machines there are; for everybody, unless an administrator hides them. */
export const machinesQuery = `query($limit:Int!,$offset:Int!){
  agent_summary_list(limit:$limit,offset:$offset,status:"ALIVE",order:"id"){
    total_count items{ id scaling_group schedulable available_slots }
  }
}`;

/** What not every release tells. */
interface LikeFields {
  /** What a session asked for: since 24.03. */
  readonly requestedSlots: boolean;
  /** Since 24.09. */
  readonly priority: boolean;
}

/** What a session was made from. */
export function likeQuery({ requestedSlots, priority }: LikeFields): string {
  return `query($id:UUID!){
  compute_session(id:$id){
    image architecture type startup_command domain_name group_id scaling_group cluster_size cluster_mode mounts
    tag ${priority ? 'priority' : ''} ${requestedSlots ? 'requested_slots' : ''} containers{ occupied_slots resource_opts preopen_ports }
  }
}`;
}
